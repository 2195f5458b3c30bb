package consent_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

var update = flag.Bool("update", false, "write the golden files")

const goldenReceipt = "testdata/receipt_v0.txt"

// TestReceiptGolden writes the receipt of format 0 that is kept, byte for byte,
// and reads it.
func TestReceiptGolden(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	r := receipt(t, goldenInput(t))
	data := signed(t, r, s)
	if *update {
		if err := os.WriteFile(goldenReceipt, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(goldenReceipt)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, data) {
		t.Fatal("the receipt is not written as it was: a format that changes gets a new number")
	}
	back, err := consent.ReadReceipt(kept, []string{s.vkey})
	if err != nil {
		t.Fatal(err)
	}
	if textOf(t, back) != textOf(t, r) || !bytes.Equal(signed(t, back, s), kept) {
		t.Error("the receipt is not read as it was")
	}
}

// Commitments of two entries, computed by another program from the description
// of the format.
func TestReceiptCommitmentsGolden(t *testing.T) {
	r := receipt(t, goldenInput(t))
	first := map[string]string{}
	for _, d := range r.Records {
		for _, v := range d.Events {
			first[v.Kind] = v.Commitment
		}
	}
	for kind, want := range map[string]string{
		"served": "ff9a00afe6c3cc5a5b9405f0bc346fa039cf97c5db4cdd34cb517eda3280d673",
		"moved":  "84a8d0589d906c409d9b189b570fde732f7aed03a16e11a5d112712ff104be02",
	} {
		if first[kind] != want {
			t.Errorf("%s: %s, want %s", kind, first[kind], want)
		}
	}
}

// mandatory lists the fields that ISO/IEC TS 27560:2023 requires in a record, and
// so in a receipt that contains records, each by where it stands.
var mandatory = []string{
	"schema_version", "receipt_id", "pii_principal_id",
	"records/record_id",
	"records/pii_processing/privacy_notice", "records/pii_processing/language", "records/pii_processing/purposes",
	"records/pii_processing/purposes/purpose",
	"records/pii_processing/purposes/pii_information", "records/pii_processing/purposes/pii_information/pii_type",
	"records/pii_processing/purposes/pii_controllers",
	"records/pii_processing/purposes/storage_locations", "records/pii_processing/purposes/retention_period",
	"records/pii_processing/purposes/jurisdiction", "records/pii_processing/purposes/recipient_third_parties",
	"records/pii_processing/purposes/withdrawal_method",
	"party_identification/party_id", "party_identification/party_name", "party_identification/party_address",
	"party_identification/party_contact", "party_identification/party_type",
	"records/events/event_time", "records/events/validity_duration", "records/events/entity_id",
	"records/events/event_type", "records/events/event_state",
}

// TestReceiptMandatory holds that no mandatory field is absent or empty, in
// every record, purpose, party and event whose text is known, also where the
// optional terms are left out.
func TestReceiptMandatory(t *testing.T) {
	bare := goldenInput(t)
	bare.Terms = consent.ReceiptTerms{Controller: terms().Controller, StorageLocations: []string{"IE"}, Jurisdiction: "EU"}
	bare.Terms.Controller.Email, bare.Terms.Controller.URL = "", ""
	bare.Book = newBook(t, func() consent.Notice {
		n := sold()
		n.Sources, n.Rights, n.HowTo, n.Transfers, n.Recipients, n.Complaint = nil, nil, nil, nil, nil, ""
		return n
	}())
	n, _ := bare.Book.Notice("sold", 1)
	for i := range bare.Entries {
		if bare.Entries[i].Notice == "sold" {
			bare.Entries[i].Hash = n.Hash()
		}
	}
	for name, in := range map[string]consent.ReceiptInput{"whole": goldenInput(t), "bare": bare} {
		var doc any
		_, line, _ := strings.Cut(textOf(t, receipt(t, in)), "\n")
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatal(err)
		}
		for _, path := range mandatory {
			found := 0
			if missing := absent(doc, strings.Split(path, "/"), &found); missing || found == 0 {
				t.Errorf("%s: %s is missing", name, path)
			}
		}
	}
	var found int
	if !absent(map[string]any{"a": []any{map[string]any{"b": ""}}}, []string{"a", "b"}, &found) {
		t.Error("the test sees nothing")
	}
}

// absent reports whether the field is missing or empty anywhere below v, but for
// what a text that is not at hand would have said.
func absent(v any, path []string, found *int) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return absent(x, path, found) })
	case map[string]any:
		if n, ok := v["privacy_notice"].(map[string]any); ok && n["text_known"] == false && len(path) > 2 {
			return false
		}
		next, ok := v[path[0]]
		if !ok {
			return true
		}
		if len(path) == 1 {
			*found++
			list, isList := next.([]any)
			return next == nil || next == "" || isList && len(list) == 0 && path[0] != "recipient_third_parties" && v["retention_period"] != "unknown"
		}
		return absent(next, path[1:], found)
	}
	return true
}

// TestReceiptStates holds the table of NewReceipt.
func TestReceiptStates(t *testing.T) {
	n := sold()
	given := func(at time.Time, purposes ...string) consent.Entry {
		return entryOf(consent.KindGiven, at, &n, 0x10, 1, purposes...)
	}
	none := func(k consent.Kind, at time.Time, purposes ...string) consent.Entry {
		return entryOf(k, at, nil, 0x10, 1, purposes...)
	}
	granted := consent.PurposeSummary{Purpose: content, State: consent.Granted, Since: after(-30), Confirmed: after(-30), Until: after(70)}
	for name, c := range map[string]struct {
		list     []consent.Entry // the last one counts
		summary  consent.PurposeSummary
		state    consent.EventState
		validity string
		entity   string
	}{
		"served":                   {list: []consent.Entry{entryOf(consent.KindServed, t0, &n, 0x10, 1, content)}, state: "requested", validity: "until-answered", entity: "shop.example"},
		"given":                    {list: []consent.Entry{given(t0, content)}, state: "given", validity: "P365D"},
		"given for nothing":        {list: []consent.Entry{given(t0)}, state: "given", validity: "P365D"},
		"again":                    {list: []consent.Entry{given(t0, content), given(after(9), content)}, state: "re-affirmed", validity: "P365D"},
		"again and more":           {list: []consent.Entry{given(t0, content), given(after(9), content, stats)}, state: "given", validity: "P365D"},
		"again at the end":         {list: []consent.Entry{given(t0, content), given(after(365), content)}, state: "given", validity: "P365D"},
		"after a no above":         {list: []consent.Entry{given(t0, content), none(consent.KindWithdrawn, after(1), "personalize"), given(after(2), content)}, state: "given", validity: "P365D"},
		"after a no beside":        {list: []consent.Entry{given(t0, content), none(consent.KindWithdrawn, after(1), stats), given(after(2), content)}, state: "re-affirmed", validity: "P365D"},
		"after expiry":             {list: []consent.Entry{given(t0, content), none(consent.KindExpired, after(1), content), given(after(2), content)}, state: "given", validity: "P365D"},
		"after erasure":            {list: []consent.Entry{given(t0, content), none(consent.KindErased, after(1)), given(after(2), content)}, state: "given", validity: "P365D"},
		"after moving":             {list: []consent.Entry{given(t0, content), none(consent.KindMoved, after(1)), given(after(2), content)}, state: "given", validity: "P365D"},
		"refused":                  {list: []consent.Entry{entryOf(consent.KindRefused, t0, &n, 0x10, 1, content)}, state: "refused", validity: "until-given"},
		"withdrawn":                {list: []consent.Entry{none(consent.KindWithdrawn, t0, content)}, state: "withdrawn", validity: "until-given"},
		"expired":                  {list: []consent.Entry{none(consent.KindExpired, t0, content)}, state: "expired", validity: "until-given", entity: "shop.example"},
		"opted out of what was on": {list: []consent.Entry{given(t0, "ads.partners"), none(consent.KindOptedOut, after(1), "ads", "share")}, state: "withdrawn", validity: "until-given"},
		"opted out":                {list: []consent.Entry{given(t0, content), none(consent.KindOptedOut, after(1), "ads")}, state: "refused", validity: "until-given"},
		"opted out after expiry":   {list: []consent.Entry{given(t0, "ads"), none(consent.KindOptedOut, after(365), "ads")}, state: "refused", validity: "until-given"},
		"moved":                    {list: []consent.Entry{none(consent.KindMoved, t0)}, state: "unknown", validity: "unknown", entity: "shop.example"},
		"erased":                   {list: []consent.Entry{none(consent.KindErased, t0)}, state: "terminated", validity: "until-given", entity: "shop.example"},
		"imported yes":             {list: []consent.Entry{none(consent.KindImported, after(-30), content)}, summary: granted, state: "given", validity: "P100D"},
		"given again after import": {list: []consent.Entry{none(consent.KindImported, after(-30), content), given(t0, content)}, summary: granted, state: "re-affirmed", validity: "P365D"},
		"imported, known text":     {list: []consent.Entry{entryOf(consent.KindImported, after(-30), &n, 0x10, 1, content)}, state: "given", validity: "P365D"},
		"imported, and who knows":  {list: []consent.Entry{none(consent.KindImported, after(-30), content)}, state: "given", validity: "unknown"},
		"shorter than the text says": {list: []consent.Entry{given(t0, content)},
			summary: consent.PurposeSummary{Purpose: content, State: consent.Granted, Since: t0, Until: t0.Add(90061500 * time.Millisecond)}, state: "given", validity: "PT90061.500S"},
		"in whole seconds": {list: []consent.Entry{given(t0, content)},
			summary: consent.PurposeSummary{Purpose: content, State: consent.Granted, Since: t0, Until: t0.Add(90 * time.Second)}, state: "given", validity: "PT90S"},
	} {
		t.Run(name, func(t *testing.T) {
			in := goldenInput(t)
			in.Entries, in.Summary = c.list, consent.Summary{}
			if c.summary.Purpose != "" {
				in.Summary.Purposes = []consent.PurposeSummary{c.summary}
			}
			r := receipt(t, in)
			events := r.Records[0].Events
			v := events[len(events)-1]
			if c.entity == "" {
				c.entity = in.Principal
			}
			if v.State != c.state || v.Validity != c.validity || v.Entity != c.entity {
				t.Errorf("%s, %s, %s", v.State, v.Validity, v.Entity)
			}
			if _, err := consent.ReadReceipt(signed(t, r, newReceiptSigner(t, "shop", 1)), []string{newReceiptSigner(t, "shop", 1).vkey}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReceiptSummaryStates(t *testing.T) {
	for reason, want := range map[consent.Reason]consent.EventState{
		consent.Granted: "given", consent.Refused: "refused", consent.Withdrawn: "withdrawn", consent.Expired: "expired",
	} {
		in := goldenInput(t)
		in.Summary.Purposes = []consent.PurposeSummary{{Purpose: content, State: reason, Since: t0}}
		in.Suspended = nil
		if got := receipt(t, in).States[0].State; got != want {
			t.Errorf("%v: %s, want %s", reason, got, want)
		}
		in.Suspended = []string{"personalize"}
		if got := receipt(t, in).States[0].State; (got == consent.StateInvalidated) != (reason == consent.Granted) {
			t.Errorf("%v, suspended: %s", reason, got)
		}
	}
}

// The exact text is told only where its hash is the one that was shown.
func TestReceiptTexts(t *testing.T) {
	edited := sold()
	edited.Title = "Something else"
	other := sold()
	other.Version = 2
	for name, c := range map[string]struct {
		book  *consent.Book
		known bool
	}{
		"at hand":         {newBook(t, sold()), true},
		"edited":          {newBook(t, edited), false},
		"version missing": {newBook(t, other), false},
		"notice missing":  {newBook(t, shop()), false},
		"locale missing":  {newBook(t, in("de", sold())), false},
		"no book":         {nil, false},
	} {
		in := goldenInput(t)
		in.Book = c.book
		r := receipt(t, in)
		p := r.Records[0].Processing
		hash := sold().Hash()
		if len(p) != 1 || p[0].Notice.Known != c.known || p[0].Notice.SHA256 != hex.EncodeToString(hash[:]) || p[0].Language != "en" {
			t.Fatalf("%s: %+v", name, p)
		}
		if c.known && (len(p[0].Purposes) != 5 || p[0].Purposes[0].Retention != "P180D" || p[0].Purposes[0].Recipients[0] != "Our warehouse" ||
			len(p[0].Purposes[0].ThirdParties) != 0 || len(p[0].Purposes[4].ThirdParties) != 2) {
			t.Errorf("%s: %+v", name, p)
		}
		if !c.known && (len(p[0].Purposes) != 3 || p[0].Purposes[0].Title != "" || len(p[0].Purposes[0].PII) != 0) {
			t.Errorf("%s: the text is made up: %+v", name, p)
		}
	}
}

func TestReceiptRefusesInput(t *testing.T) {
	entry := func(f func(*consent.Entry)) func(*consent.ReceiptInput) {
		return func(in *consent.ReceiptInput) { f(&in.Entries[1]) }
	}
	for name, c := range map[string]struct {
		change func(*consent.ReceiptInput)
		want   error
	}{
		"nothing changed":   {func(*consent.ReceiptInput) {}, nil},
		"no entries":        {func(in *consent.ReceiptInput) { in.Entries, in.Summary = nil, consent.Summary{} }, nil},
		"no terms":          {func(in *consent.ReceiptInput) { in.Terms = consent.ReceiptTerms{} }, consent.ErrController},
		"half terms":        {func(in *consent.ReceiptInput) { in.Terms.Jurisdiction = "" }, consent.ErrTerms},
		"no principal":      {func(in *consent.ReceiptInput) { in.Principal = "" }, consent.ErrPrincipal},
		"an identifier":     {func(in *consent.ReceiptInput) { in.Principal = "ann@example.com" }, consent.ErrPrincipal},
		"upper case":        {func(in *consent.ReceiptInput) { in.Principal = strings.ToUpper(in.Principal) }, consent.ErrPrincipal},
		"no time":           {func(in *consent.ReceiptInput) { in.Now = time.Time{} }, consent.ErrClock},
		"far future":        {func(in *consent.ReceiptInput) { in.Now = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, consent.ErrClock},
		"empty log":         {func(in *consent.ReceiptInput) { in.Log = consent.LogHead{} }, nil},
		"log of no chain":   {func(in *consent.ReceiptInput) { in.Log.Chain = [32]byte{} }, consent.ErrReceipt},
		"no such state":     {func(in *consent.ReceiptInput) { in.Summary.Purposes[0].State = consent.NoRecord }, consent.ErrReceipt},
		"chain of nothing":  {func(in *consent.ReceiptInput) { in.Log.Length = 0 }, consent.ErrReceipt},
		"person as party":   {func(in *consent.ReceiptInput) { in.Terms.Controller.ID = in.Principal }, consent.ErrReceipt},
		"summary unsorted":  {func(in *consent.ReceiptInput) { slices.Reverse(in.Summary.Purposes) }, consent.ErrReceipt},
		"summary timeless":  {func(in *consent.ReceiptInput) { in.Summary.Purposes[0].Since = time.Time{} }, consent.ErrReceipt},
		"zero entry":        {entry(func(e *consent.Entry) { *e = consent.Entry{} }), consent.ErrEntry},
		"unknown kind":      {entry(func(e *consent.Entry) { e.Kind = 200 }), consent.ErrEntry},
		"entry timeless":    {entry(func(e *consent.Entry) { e.At = time.Time{} }), consent.ErrEntry},
		"no salt":           {entry(func(e *consent.Entry) { e.Salt = [16]byte{} }), consent.ErrEntry},
		"no record":         {entry(func(e *consent.Entry) { e.Record = [16]byte{} }), consent.ErrEntry},
		"no hash":           {entry(func(e *consent.Entry) { e.Hash = [32]byte{} }), consent.ErrEntry},
		"hash of nothing":   {entry(func(e *consent.Entry) { e.Notice, e.Version, e.Locale = "", 0, "" }), consent.ErrEntry},
		"bad notice":        {entry(func(e *consent.Entry) { e.Notice = "ann@example.com" }), consent.ErrEntry},
		"no version":        {entry(func(e *consent.Entry) { e.Version = 0 }), consent.ErrEntry},
		"negative version":  {entry(func(e *consent.Entry) { e.Version = -1 }), consent.ErrEntry},
		"bad locale":        {entry(func(e *consent.Entry) { e.Locale = "EN" }), consent.ErrEntry},
		"bad method":        {entry(func(e *consent.Entry) { e.Method = "ann@example.com" }), consent.ErrEntry},
		"bad proof":         {entry(func(e *consent.Entry) { e.Proof = "ann@example.com" }), consent.ErrEntry},
		"long proof":        {entry(func(e *consent.Entry) { e.Proof = strings.Repeat("a", 129) }), consent.ErrEntry},
		"bad purpose":       {entry(func(e *consent.Entry) { e.Purposes = []string{"a..b"} }), consent.ErrEntry},
		"purposes unsorted": {entry(func(e *consent.Entry) { e.Purposes = []string{"b", "a"} }), consent.ErrEntry},
		"purpose twice":     {entry(func(e *consent.Entry) { e.Purposes = []string{"a", "a"} }), consent.ErrEntry},
	} {
		in := goldenInput(t)
		c.change(&in)
		r, err := consent.NewReceipt(in)
		if !errors.Is(err, c.want) || r.IsZero() != (err != nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "ann@") {
			t.Errorf("%s: the error tells what came in: %v", name, err)
		}
	}
}

// The receipt shares nothing with what it was made from, and the same input
// makes the same receipt.
func TestReceiptStandsAlone(t *testing.T) {
	in := goldenInput(t)
	r := receipt(t, in)
	before := textOf(t, r)
	if textOf(t, receipt(t, goldenInput(t))) != before {
		t.Error("the same input makes another receipt")
	}
	for i := range in.Entries {
		for j := range in.Entries[i].Purposes {
			in.Entries[i].Purposes[j] = "changed"
		}
	}
	in.Terms.StorageLocations[0] = "changed"
	if textOf(t, r) != before {
		t.Error("the receipt changes with its input")
	}
}

// Entries come back as they were, so that their commitments can be looked for.
func TestReceiptEntries(t *testing.T) {
	in := goldenInput(t)
	r := receipt(t, in)
	list := r.Entries()
	if len(list) != len(in.Entries) {
		t.Fatalf("%d entries", len(list))
	}
	for i := range in.Entries {
		want := in.Entries[i].Commitment()
		if !slices.ContainsFunc(list, func(e consent.Entry) bool { return e.Commitment() == want }) {
			t.Errorf("entry %d is not there", i)
		}
	}
	if (*consent.Receipt)(nil).Entries() != nil || new(consent.Receipt).Entries() != nil {
		t.Error("nothing has entries")
	}
}

// Whatever a record goes through, its entries and its summary make a receipt, and
// states and events agree.
func TestReceiptOfARecord(t *testing.T) {
	b, r := newBook(t, sold()), &consent.Record{}
	s := newReceiptSigner(t, "shop", 1)
	other := &consent.Record{}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	choice := func(grant, refuse []string) consent.Choice {
		return consent.Choice{Notice: "sold", Version: 1, Locale: "en", Grant: grant, Refuse: refuse, Method: "banner"}
	}
	for i, step := range []struct {
		do     func(now time.Time)
		events int // of the receipt afterwards
		last   consent.EventState
		holds  map[string]consent.EventState
	}{
		{func(now time.Time) { must(r.Serve(b, "sold", 1, "en", now)) }, 1, "requested", nil},
		{func(now time.Time) { must(r.Choose(b, choice([]string{content, "ads"}, []string{stats}), now)) }, 3, "refused",
			map[string]consent.EventState{content: "given", "ads": "invalidated", stats: "refused"}},
		{func(now time.Time) { must(r.Choose(b, choice([]string{content}, nil), now)) }, 4, "re-affirmed", nil},
		{func(now time.Time) {
			_, err := r.Import(b, consent.Historic{Choice: choice([]string{"share"}, nil), At: now.AddDate(0, 0, -1), Proof: "crm/1"}, now)
			must(err)
		}, 5, "given", map[string]consent.EventState{"share": "given"}},
		{func(now time.Time) { r.OptOut("share", consent.OptedOutGPC, now) }, 6, "withdrawn", map[string]consent.EventState{"share": "withdrawn"}},
		{func(now time.Time) { r.OptOut("ads.partners", consent.OptedOutGPP, now) }, 7, "refused", nil},
		{func(now time.Time) { r.Withdraw("ads", now) }, 8, "withdrawn", map[string]consent.EventState{"ads": "withdrawn"}},
		{func(now time.Time) {
			must(other.Choose(b, choice([]string{stats}, nil), now))
			r.Merge(other, now)
		}, 11, "withdrawn", map[string]consent.EventState{content: "given"}},
		{func(now time.Time) { r.Lapse(now.AddDate(2, 0, 0)) }, 12, "expired", nil},
		{func(now time.Time) { r.Erase(now.AddDate(2, 0, 1)) }, 1, "terminated", map[string]consent.EventState{}},
	} {
		now := after(i)
		step.do(now)
		in := goldenInput(t)
		in.Book, in.Entries, in.Summary, in.Now = b, r.Entries(), b.RecordSummary(r, now), now
		x := receipt(t, in)
		back, err := consent.ReadReceipt(signed(t, x, s), []string{s.vkey})
		must(err)
		if got := back.Entries(); len(got) != step.events {
			t.Fatalf("step %d: %d events\n%s", i, len(got), x.Plain())
		}
		for _, e := range r.Entries() {
			if !strings.Contains(string(signed(t, x, s)), fmt.Sprintf("%x", e.Commitment())) {
				t.Errorf("step %d: an entry is not in the receipt", i)
			}
		}
		list := r.Entries()
		newest := fmt.Sprintf("%x", list[len(list)-1].Commitment())
		for _, d := range back.Records {
			for _, v := range d.Events {
				if v.Commitment == newest && v.State != step.last {
					t.Errorf("step %d: %s, want %s\n%s", i, v.State, step.last, x.Plain())
				}
			}
		}
		for _, st := range back.States {
			if want := step.holds[st.Purpose]; want != "" && st.State != want {
				t.Errorf("step %d: %s is %s, want %s", i, st.Purpose, st.State, want)
			}
		}
		if step.holds != nil && len(step.holds) == 0 && len(back.States) != 0 {
			t.Errorf("step %d: something is left", i)
		}
	}
}
