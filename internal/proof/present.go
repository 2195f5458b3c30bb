package proof

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrJSON is returned for reading a Release from JSON, which carries no
// signature: dp.ReadRelease reads the signed note.
var ErrJSON = errors.New("proof: a release is read from its signed note, not from JSON")

// Table writes the largest values as an aligned text table, at most maxRows of
// them, then how many cells are left out. Zero or less means all.
func (r Release) Table(w io.Writer, maxRows int) error {
	cells := r.Cells()
	slices.SortStableFunc(cells, func(a, b Cell) int { return cmp.Compare(b.Value, a.Value) })
	left := 0
	if maxRows > 0 && len(cells) > maxRows {
		left = len(cells) - maxRows
		cells = cells[:maxRows]
	}
	rows := [][]string{{"segment", "item", "value", "low", "high"}}
	for _, c := range cells {
		rows = append(rows, []string{shown(c.Segment), shown(c.Item), digits(c.Value), digits(c.Low), digits(c.High)})
	}
	if r.header.Kind == "segment-sizes" {
		for i, row := range rows {
			rows[i] = slices.Delete(row, 1, 2)
		}
	}
	out := bufio.NewWriter(w)
	writeRows(out, rows, 3)
	if left > 0 {
		fmt.Fprintf(out, "... and %s\n", plural(int64(left), "more cell"))
	}
	return out.Flush()
}

// writeRows aligns the columns, the last few to the right.
func writeRows(w io.Writer, rows [][]string, right int) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, v := range row {
			width[i] = max(width[i], utf8.RuneCountInString(v))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, v := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(v))
			if i > 0 {
				line.WriteString("  ")
			}
			if i >= len(row)-right {
				line.WriteString(pad + v)
			} else {
				line.WriteString(v + pad)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// shown makes a key safe for a terminal and short enough for a table.
func shown(s string) string {
	const most = 48
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s)
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-3]) + "..."
	}
	return s
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// CSV writes the cells, sorted by segment and item, under a line of column
// names. Keys are written as they are; a spreadsheet may take one that starts
// with '=' for a formula.
func (r Release) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	columns := []string{"segment", "item", "value", "low", "high"}
	sizes := r.header.Kind == "segment-sizes"
	if sizes {
		columns = slices.Delete(columns, 1, 2)
	}
	if err := out.Write(columns); err != nil {
		return err
	}
	for i := range r.cells {
		c := &r.cells[i]
		row := append(columns[:0], c.Segment)
		if !sizes {
			row = append(row, c.Item)
		}
		row = append(row, digits(c.Value), digits(c.Low), digits(c.High))
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// JSON writes what MarshalJSON returns, indented, with a newline. The signed
// form is Note.
func (r Release) JSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// MarshalJSON returns {"header": ..., "cells": [...], "statement": ...}.
func (r Release) MarshalJSON() ([]byte, error) {
	cells := r.cells
	if cells == nil {
		cells = []Cell{}
	}
	return json.Marshal(struct {
		Header    *Header `json:"header"`
		Cells     []Cell  `json:"cells"`
		Statement string  `json:"statement"`
	}{&r.header, cells, r.Statement()})
}

// UnmarshalJSON refuses, with ErrJSON.
func (*Release) UnmarshalJSON([]byte) error { return ErrJSON }
