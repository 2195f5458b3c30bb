package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/discreet-go/discreet/fairness"
)

// auditData audits two public data sets, where -data has them: who earns above 50,000
// dollars by sex, which is known, and who passes a course by deprivation and disability.
func auditData(ctx context.Context, b *bench) error {
	for _, set := range []struct {
		name  string
		parts []string
		run   func(context.Context, *bench, string) error
	}{
		{"adult", []string{"adult", "adult.data.gz"}, auditAdult},
		{"oulad", []string{"oulad", "student.csv.gz"}, auditOULAD},
	} {
		path := filepath.Join(append([]string{b.data}, set.parts...)...)
		if b.data == "" {
			b.skip(set.name, "-data is not set")
			continue
		}
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			b.skip(set.name, "the file is not there")
			continue
		}
		if err := set.run(ctx, b, path); err != nil {
			return err
		}
	}
	return nil
}

// unzipped calls f with what a compressed file holds.
func unzipped(path string, f func(io.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	return f(bufio.NewReader(r))
}

// tally counts people by group, and those of them who got something.
type tally map[string]*[2]int64

func (t tally) add(group string, got bool) {
	if t[group] == nil {
		t[group] = new([2]int64)
	}
	if got {
		t[group][0]++
	} else {
		t[group][1]++
	}
}

func (t tally) rate(group string) float64 {
	return float64(t[group][0]) / float64(t[group][0]+t[group][1])
}

// audited releases a tally as a weekly audit of the budget sheet would, and audits it.
func (t tally) audited(rule fairness.Rule) (fairness.Report, error) {
	n, err := (&fairnessCell{}).noiseOf()
	if err != nil {
		return fairness.Report{}, err
	}
	var list []auditCount
	for group, c := range t {
		list = append(list, auditCount{group, "reached", c[0]}, auditCount{group, "missed", c[1]})
	}
	table, err := n.release(list)
	if err != nil {
		return fairness.Report{}, err
	}
	return fairness.Audit(table, rule)
}

// auditAdult audits who earns above 50,000 dollars. The known rates are 30.6 % of men and
// 10.9 % of women.
func auditAdult(_ context.Context, b *bench, path string) error {
	people := tally{}
	err := unzipped(path, func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			f := strings.Split(lines.Text(), ", ")
			if len(f) == 15 {
				people.add(f[9], f[14] == ">50K")
			}
		}
		return lines.Err()
	})
	if err != nil {
		return err
	}
	if len(people) != 2 || people["Male"] == nil || people["Female"] == nil {
		return errors.New("bench: the file of census incomes is not as expected")
	}
	rule := fairness.Default()
	rule.Reference, rule.Level = "Male", 0.9999
	report, err := people.audited(rule)
	if err != nil {
		return err
	}
	c := report.Comparisons[0]
	within := 0.0
	known := func(e fairness.Estimate, rate float64) bool { return e.Low <= rate && rate <= e.High }
	if known(c.Rate, 0.109) && known(c.ReferenceRate, 0.306) {
		within = 1
	}
	return b.reports("adult", "",
		result{Metric: "within_interval", Value: within},
		result{Metric: "rate_women", Value: c.Rate.Value}, result{Metric: "rate_men", Value: c.ReferenceRate.Value},
		result{Metric: "ratio", Value: c.Ratio.Value}, result{Metric: "verdict", Value: verdictNumber(c.Verdict)},
	)
}

// verdictNumber is 1 for Pass, -1 for Fail and 0 for neither.
func verdictNumber(v fairness.Verdict) float64 {
	switch v {
	case fairness.Pass:
		return 1
	case fairness.Fail:
		return -1
	}
	return 0
}

// auditOULAD audits who passes a course: by fifths of deprivation, most deprived first, and by
// disability. Of each student the first course counts.
func auditOULAD(_ context.Context, b *bench, path string) error {
	deprivation, disability := tally{}, tally{}
	err := unzipped(path, func(r io.Reader) error {
		rows := csv.NewReader(r)
		head, err := rows.Read()
		if err != nil {
			return err
		}
		at := func(name string) int { return slices.Index(head, name) }
		id, band, disabled, outcome := at("id_student"), at("imd_band"), at("disability"), at("final_result")
		if min(id, band, disabled, outcome) < 0 {
			return errors.New("bench: the file of students is not as expected")
		}
		fifths := map[byte]string{'0': "0-20 %", '1': "0-20 %", '2': "20-40 %", '3': "20-40 %", '4': "40-60 %", '5': "40-60 %", '6': "60-80 %", '7': "60-80 %", '8': "80-100 %", '9': "80-100 %"}
		seen := map[string]bool{}
		for {
			row, err := rows.Read()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if seen[row[id]] {
				continue
			}
			seen[row[id]] = true
			passed := row[outcome] == "Pass" || row[outcome] == "Distinction"
			disability.add(row[disabled], passed)
			if fifth := fifths[row[band][0]]; fifth != "" {
				deprivation.add(fifth, passed)
			}
		}
	})
	if err != nil {
		return err
	}
	for _, a := range []struct {
		name, reference string
		people          tally
	}{{"oulad-deprivation", "80-100 %", deprivation}, {"oulad-disability", "FALSE", disability}} {
		rule := fairness.Default()
		rule.Reference = a.reference
		report, err := a.people.audited(rule)
		if err != nil {
			return err
		}
		for _, c := range report.Comparisons {
			exact := a.people.rate(c.Group) / a.people.rate(a.reference)
			if err := b.reports(fmt.Sprintf("%s %s", a.name, c.Group), "",
				result{Metric: "ratio", Value: c.Ratio.Value}, result{Metric: "ratio_low", Value: c.Ratio.Low}, result{Metric: "ratio_high", Value: c.Ratio.High},
				result{Metric: "ratio_without_noise", Value: exact}, result{Metric: "verdict", Value: verdictNumber(c.Verdict)},
				result{Metric: "detectable", Value: c.Detectable},
			); err != nil {
				return err
			}
		}
	}
	return nil
}
