package openrtb

import (
	"encoding/base64"
	"encoding/json"

	"github.com/prebid/openrtb/v20/openrtb2"
)

// signals are publisher provided signals as Ad Manager takes them.
type signals struct {
	Signals []signal `json:"PublisherProvidedTaxonomySignals"`
}

type signal struct {
	Taxonomy string   `json:"taxonomy"`
	Values   []string `json:"values"`
}

// PPS returns what [Data] made as the publisher provided signals of Google Ad
// Manager: base64 of JSON, for the parameter ppsj, to be escaped as any value of a
// URL. Ad Manager knows [Audience11] and [Content22]; other data, and two of one
// taxonomy, are [ErrPPS]. Data without a segment is left out, and without any it
// returns "". Ad Manager drops ids that it takes for sensitive.
func PPS(data ...openrtb2.Data) (string, error) {
	var s signals
	for _, d := range data {
		if len(d.Segment) == 0 {
			continue
		}
		var ext struct {
			Segtax int `json:"segtax"`
		}
		if json.Unmarshal(d.Ext, &ext) != nil {
			return "", ErrPPS
		}
		one := signal{Taxonomy: map[int]string{Audience11: "IAB_AUDIENCE_1_1", Content22: "IAB_CONTENT_2_2"}[ext.Segtax]}
		if one.Taxonomy == "" {
			return "", ErrPPS
		}
		for _, before := range s.Signals {
			if before.Taxonomy == one.Taxonomy {
				return "", ErrPPS
			}
		}
		for _, segment := range d.Segment {
			if !validID(ext.Segtax, segment.ID) {
				return "", ErrPPS
			}
			one.Values = append(one.Values, segment.ID)
		}
		s.Signals = append(s.Signals, one)
	}
	if len(s.Signals) == 0 {
		return "", nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return "", ErrPPS
	}
	return base64.StdEncoding.EncodeToString(b), nil
}
