package main

import (
	"context"
	"errors"
	"time"

	"github.com/prebid/go-gdpr/consentconstants"
	"github.com/prebid/go-gdpr/vendorconsent"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
)

// consents measures what a service pays for the consent that comes along with
// each request.
func consents(ctx context.Context, b *bench) error {
	return errors.Join(stringCases(ctx, b), decisionCases(ctx, b))
}

// tcStrings are of consents to 1,000 vendors, as a platform writes them today: a
// core with a bit for each of them, the vendors that were shown, and the
// publisher's own purposes.
var tcStrings = [...]string{
	"CQg2bYAQg2bYAAfACAENCMFsAP_gAEPgAAYgH0ELB10W6Ln3ZQ1N6yC1wVePbFoSc5HhmrhPaoel_V1iCnpKbz0AoIhcC9FB8Fl40KaHq1prxjJyiJpOZ7sdUfd-bsx9p7" +
		"uXWFExEKS7OgHhr7OitbndCej6qNTug-MIhM_utgQDJkeS45tYJeDpu5_nk2WsMS1jO_isd18KLA-hmjEm4IhBKErvMBIBkBUglYEW0UrDEOwpaJPgCAFFB0AClgD0-BSG" +
		"EiLAJVIMEAWBEHdSEIBCCKDhIKEQA4QsRSAEkVZKAyiIFMIsLEAlwPCICmI4oIMQyqUQQgAAxGEEAHB2AEKFBcCgwCIwJJIAAUaEIEFIDmmgEh4AOnoAAA.IH0Lf_X_u__" +
		"9937Pf_3v8i_zb59Lz2_f_1H_Nf_7-v-nvvX__vv_5__L4b3d7_u_f_z_97c9_9_2_2fv9_77__-z9-fP-_07___-vzuK__9f--_7P0v9f7_e23x_n_u93m_c79e9-2_D9" +
		"3_a__-5__f3__9_dM979v_6d_72_vA.cAAAAAAAAAA",
	"CQg2bYAQg2bYAAfACAENCMFsAP_gAEPgAAYgH0NpUX6S9Kyken1KURwHudTpDmDUWs3_gtEePcEBmZlLvykR04sWjUWjsaf8rWGUuLgJmRTtH3lSXymj7_D1nLtFwxddev" +
		"IxMyLyTs_OtRhkQMiLyEFsdTxAom45huYv8zV8Ybn5pBqmoFm3qWxDRTj71asgExf8fgpvGcXrtA-g1K94yUgGKQQMCAkwSAKUgQJsCAMeiwIQARWCgpXOQEABIsCakMCB" +
		"gqkjMJQQgBGeRIAjwaPiRgkAgETgBkBAImKAaYm0AUEw0AggEoMhRIEySE5IM0AMhDAKIKCwExkGE4TJDwFEQCgDjTXD0oaXYBdVgMABCoQngYC2JooAAA.IH0Nf5_e_7_" +
		"u__93e37-Fz_vtH9e-t3_3l-_Lvnu39-Vv95v_795____v_7_j783__b3316vvT_7_9uv9v_63fvx_9943_v-t_f_y____ff_7zr__n7__-6tfb--bX_Zv_-v_P3239ye7" +
		"323_t_3_W-u97X3fvfP_e76_7v_3nA.cAAAAAAAAAA",
	"CQg2bYAQg2bYAAfACAENCMFsAP_gAEPgAAYgH0B1GopMnjhllXs3gw83yyPhOqs5jIVzIQSpsRCfkZ7K4qWi9efERo_s4ZJA_Fpt0dnk_ycBeRcm-Oz6EfNJUqkYBgmUiY" +
		"xu49nFGRydWau0oBfVVZeM4BXVyFFHLB7fowhvCIHu54YveGNZ-GkI5HwTmxgTw0PVsT_tCBfDpA-gVqDSBSGvEhZB0wkhQAEAjIIMN0QxpAFlSEA1jk5gQ4iGQhBdMJMA" +
		"SQIASK9QBAhtIEgSh-ECByQAmASRCgBEKEAAHYkwyLsbZCJBERzLCkKiAxYMg41BCBCEMwxgwmABoCJEYQgq1JDAAQXDTEgKSHYggQLUACAoAEABJAIAAA.IH0OP_8f-3_" +
		"-1_7-_-fvnz9_53L5d__b7vf-q_tp_9__26___Z_-7_Pf_7__Fdvvsnfbv___rr_-_f-tr_vqPd7rbv6X_7fz1fBP_W3___p_92MO3_0_3_8n3_7-ff7e7_3Z-_v75Hf39" +
		"O63d3_f2t93_7s_vf3v3V_7_bzbvrA.cAAAAAAAAAA",
	"CQg2bYAQg2bYAAfACAENCMFsAP_gAEPgAAYgH0QCIAAgAoABwAFUAMgA0AC2AvOBjIGQAPoA-iAGABwBeYD6AAgkAMAA4AFAAjjgAMAIAAjA.IH0B_W-X_v8v_e_SPb_Z_" +
		"979-2X9bv6-3zfu7_t_-n_-f3vbZ3357P9t5e9P_TXfv_uX0__u-__7v7u18___58_973rz_-8_fv6f_7dft_1_3-9D-629v__f9T_f98r--4r9_vff939_2S6___7xr_8" +
		"7_5r3_e9___7d87-__9A.cAAAAAAAAAA",
}

// stringCases measures reading strings. The yardstick of TC strings is the
// library that ad servers in Go use: it gets the same strings and the same
// questions, of four purposes and one vendor, and reads the core only.
func stringCases(ctx context.Context, b *bench) error {
	const vendor = 755
	purposes := [...]int{1, 3, 4, 7}
	ours := func(n int) error {
		var yes uint32
		for i := range n {
			t, err := iab.ParseTCF(tcStrings[i%len(tcStrings)])
			if err != nil {
				return err
			}
			for _, p := range purposes {
				if t.PurposeConsent(p) {
					yes++
				}
			}
			if t.VendorConsent(vendor) {
				yes++
			}
		}
		sunk.Store(yes)
		return ctx.Err()
	}
	theirs := func(n int) error {
		var yes uint32
		for i := range n {
			t, err := vendorconsent.ParseString(tcStrings[i%len(tcStrings)])
			if err != nil {
				return err
			}
			for _, p := range purposes {
				if t.PurposeAllowed(consentconstants.Purpose(p)) {
					yes++
				}
			}
			if t.VendorConsent(vendor) {
				yes++
			}
		}
		sunk.Store(yes)
		return ctx.Err()
	}
	rule := iab.Rule{US: true}
	now := time.Now()
	signals := [...]consent.Signals{{GPP: "DBABLA~BVVqAAAAAg.QA"}, {GPP: "DBABLA~BVVaAAAAAg.QA"}}
	national := func(n int) error {
		for i := range n {
			if h := rule.Hear(&signals[i%len(signals)], now); h.GPP != consent.Permits && h.GPP != consent.Forbids {
				return errors.New("bench: the national section is not heard")
			}
		}
		return ctx.Err()
	}

	n := 200_000
	if b.short {
		n = 20_000
	}
	costs, err := sideBySide(b.rounds(), n, ours, theirs, national)
	if err != nil {
		return err
	}
	if err := b.reports("tcf-core", "",
		result{Metric: "ns_op", Value: median(costs[0], func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: allocsOf(costs[0])},
		result{Metric: "speedup_gogdpr", Value: ratio(costs[1], costs[0])},
	); err != nil {
		return err
	}
	return b.reports("gpp-usnat", "",
		result{Metric: "ns_op", Value: median(costs[2], func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: allocsOf(costs[2])},
	)
}
