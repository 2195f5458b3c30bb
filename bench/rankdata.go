package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/discreet-go/discreet/segment/ingest"
	"github.com/discreet-go/discreet/segment/rank/eval"
)

const secondsPerDay = 86400

// rankData is a data set for ranking: what people did, and what is public of the
// items.
type rankData struct {
	events  []eval.Event
	catalog map[string]string   // item -> category
	titles  map[string]string   // item -> public title
	traits  map[string][]string // item -> public features
}

// retailData reads Online Retail with the cleaning rules of package ingest. The
// public title of an article is its most frequent description. Numbers of
// articles were given out as the range grew, so what they begin with is a public
// trait: the range that an article came with.
func retailData(ctx context.Context, dir string) (*rankData, error) {
	path := filepath.Join(dir, "online-retail", "online-retail.csv.gz")
	reader, err := ingest.Open(path, ingest.Config{Profile: ingest.OnlineRetail()})
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	d := &rankData{catalog: map[string]string{}, titles: map[string]string{}, traits: map[string][]string{}}
	for row, err := range reader.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		d.events = append(d.events, eval.Event{Person: row.Person.Expose(), Item: row.Item, Time: row.Time.Unix()})
		d.catalog[row.Item] = ""
	}
	if err := d.retailTitles(path); err != nil {
		return nil, err
	}
	for item := range d.catalog {
		d.catalog[item] = ingest.RetailCategory(d.titles[item])
		number, err := strconv.Atoi(item[:5]) // the cleaning rules hold it
		if err != nil {
			return nil, err
		}
		d.traits[item] = []string{
			"range " + item[:3], "range " + item[:4],
			"beside " + strconv.Itoa(number/20), "between " + strconv.Itoa((number+10)/20),
		}
	}
	return d, nil
}

// retailTitles reads the descriptions, which are no part of an event.
func (d *rankData) retailTitles(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	in := csv.NewReader(zipped)
	in.ReuseRecord, in.LazyQuotes, in.FieldsPerRecord = true, true, -1
	counts := map[string]map[string]int{}
	for {
		row, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if len(row) < 3 {
			continue
		}
		if _, ok := d.catalog[row[1]]; !ok || row[2] == "" {
			continue
		}
		item := strings.Clone(row[1])
		if counts[item] == nil {
			counts[item] = map[string]int{}
		}
		counts[item][strings.Clone(row[2])]++
	}
	for item, list := range counts {
		best, most := "", 0
		for title, n := range list {
			if n > most || n == most && title < best {
				best, most = title, n
			}
		}
		d.titles[item] = best
	}
	return nil
}

// tweetsData reads MovieTweetings: a rating is an event, the first genre of a
// film its category, all genres and the year are traits.
func tweetsData(_ context.Context, dir string) (*rankData, error) {
	d := &rankData{catalog: map[string]string{}, titles: map[string]string{}, traits: map[string][]string{}}
	err := zippedLines(filepath.Join(dir, "movietweetings", "ratings.dat.gz"), func(v []string) error {
		if len(v) != 4 {
			return errors.New("bench: a rating has four fields")
		}
		at, err := strconv.ParseInt(v[3], 10, 64)
		d.events = append(d.events, eval.Event{Person: v[0], Item: v[1], Time: at})
		d.catalog[v[1]] = ""
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, zippedLines(filepath.Join(dir, "movietweetings", "movies.dat.gz"), func(v []string) error {
		if len(v) < 2 {
			return errors.New("bench: a film has a title")
		}
		if _, ok := d.catalog[v[0]]; !ok {
			return nil
		}
		title := v[1]
		if i := strings.LastIndex(title, " ("); i >= 0 {
			d.traits[v[0]] = append(d.traits[v[0]], title[i:])
			title = title[:i]
		}
		d.titles[v[0]] = title
		if len(v) > 2 && v[2] != "" {
			genres := strings.Split(v[2], "|")
			d.catalog[v[0]] = genres[0]
			d.traits[v[0]] = append(d.traits[v[0]], genres...)
		}
		return nil
	})
}

func zippedLines(path string, f func([]string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(zipped)
	for lines.Scan() {
		if err := f(strings.Split(lines.Text(), "::")); err != nil {
			return err
		}
	}
	return lines.Err()
}
