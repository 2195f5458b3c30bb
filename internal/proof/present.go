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
// them, then how many cells are left out. Zero or less means all. Of keys without
// numbers it writes the first. Where values are steps, the last column is what they are
// in the unit.
func (r Release) Table(w io.Writer, maxRows int) error {
	cells := r.Cells()
	slices.SortStableFunc(cells, func(a, b Cell) int { return cmp.Compare(b.Value, a.Value) })
	left := 0
	if maxRows > 0 && len(cells) > maxRows {
		left = len(cells) - maxRows
		cells = cells[:maxRows]
	}
	h := &r.header
	columns, of := h.names()
	right := len(columns)
	if h.Kind != "keys" {
		columns = append(columns, "value", "low", "high")
		if h.scaled() {
			unit := h.Unit
			if h.Kind == "variance" {
				unit += "^2"
			}
			columns = append(columns, unit)
		}
	}
	rows := [][]string{columns}
	for i := range cells {
		c := &cells[i]
		row := of(c)
		for k, name := range row {
			row[k] = shown(name)
		}
		if h.Kind != "keys" {
			row = append(row, digits(c.Value), digits(c.Low), digits(c.High))
			if h.scaled() {
				row = append(row, h.amount(c, 3))
			}
		}
		rows = append(rows, row)
	}
	out := bufio.NewWriter(w)
	writeRows(out, rows, len(columns)-right)
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

// amount returns what a value is in the unit, or for a variance in its square; nothing for the people of means, which are
// people.
func (h *Header) amount(c *Cell, decimals int) string {
	if c.Part == "count" {
		return ""
	}
	if h.Kind == "variance" {
		v := float64(c.Value) * float64(h.Step) * float64(h.Step) / (float64(h.Per) * float64(h.Per))
		return strconv.FormatFloat(v, 'f', decimals, 64)
	}
	return h.inUnit(c.Value, decimals)
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// CSV writes the cells, sorted by their names, under a line of column names: those of
// Cell that the measure has; value, low and high, but for keys without numbers; and
// amount, which is the value in the unit, where values are steps. Keys are written as
// they are; a spreadsheet may take one that starts with '=' for a formula.
func (r Release) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	h := &r.header
	columns, of := h.names()
	if h.Kind != "keys" {
		columns = append(columns, "value", "low", "high")
		if h.scaled() {
			columns = append(columns, "amount")
		}
	}
	if err := out.Write(columns); err != nil {
		return err
	}
	for i := range r.cells {
		c := &r.cells[i]
		row := of(c)
		if h.Kind != "keys" {
			row = append(row, digits(c.Value), digits(c.Low), digits(c.High))
			if h.scaled() {
				row = append(row, h.amount(c, -1))
			}
		}
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
