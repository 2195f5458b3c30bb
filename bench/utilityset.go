package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/ingest"
)

// errData is returned for a file that does not read like the data set.
var errData = errors.New("bench: a file does not read like the data set it is named after")

// A dataSet is what is asked of public data: how many people are in each category,
// daily for a month or once; which items there are, with their people; where there
// are amounts, the mean of each category.
type dataSet struct {
	name  string
	l     int       // categories, and items, of one person
	days  int       // daily counts; 1 where the data has no days
	last  dp.Day    // of the days
	mean  dp.Amount // none without a unit
	files []string
	read  func(s *dataSet, files []string, add func(fact)) error
}

// A fact is one thing that somebody did.
type fact struct {
	who        string
	categories []string
	item       string
	day        dp.Day
	amount     int64
}

// dataSets lists the data sets. The months are the last whole ones that the data
// covers.
func dataSets() []dataSet {
	return []dataSet{
		{
			name: "online-retail", l: 8, days: utilityDays, last: dayOfTime(time.Date(2011, 11, 30, 0, 0, 0, 0, time.UTC)),
			mean: dp.Amount{Unit: "lines", High: 20_000}, files: []string{"online-retail/online-retail.csv.gz"}, read: readRetail,
		},
		{
			name: "msweb", l: 5, days: 1, last: dayOfTime(time.Date(1998, 2, 11, 0, 0, 0, 0, time.UTC)),
			files: []string{"msweb/anonymous-msweb.data.gz"}, read: readWeb,
		},
		{
			name: "movietweetings", l: 5, days: utilityDays, last: dayOfTime(time.Date(2013, 8, 30, 0, 0, 0, 0, time.UTC)),
			mean: dp.Amount{Unit: "films", High: 10_000}, files: []string{"movietweetings/movies.dat.gz", "movietweetings/ratings.dat.gz"}, read: readMovies,
		},
	}
}

// people reads the data set: everybody who did something in the month or the week
// before, and the categories.
func (s *dataSet) people(dir string) ([]contrib.Person, dp.Public, error) {
	var files []string
	for _, f := range s.files {
		files = append(files, filepath.Join(dir, filepath.FromSlash(f)))
	}
	type did struct {
		person int
		fact
	}
	var all []did
	of, known := map[string]int{}, map[string]bool{}
	err := s.read(s, files, func(f fact) {
		if f.day > s.last || f.day <= s.last-utilityDays-7 {
			return
		}
		n, ok := of[f.who]
		if !ok {
			n = len(of)
			of[f.who] = n
		}
		for _, c := range f.categories {
			known[c] = true
		}
		all = append(all, did{n, f})
	})
	if err == nil && len(all) == 0 {
		err = errData
	}
	if err != nil {
		return nil, nil, err
	}
	categories := make(dp.Public, 0, len(known))
	for c := range known {
		categories = append(categories, c)
	}
	slices.Sort(categories)
	people := make([]contrib.Person, len(of))
	for i := range people {
		people[i].Salt = saltOf(i)
	}
	for _, d := range all {
		p := &people[d.person]
		for _, c := range d.categories {
			row, _ := slices.BinarySearch(categories, c)
			p.Days = append(p.Days, contrib.Act{Row: row, Day: d.day, Events: 1, Amount: d.amount})
		}
		at := slices.IndexFunc(p.Items, func(e contrib.Entry) bool { return e.Item == d.item })
		if at < 0 {
			p.Items = append(p.Items, contrib.Entry{Item: d.item, Day: d.day, Count: 1})
			continue
		}
		p.Items[at].Day = max(p.Items[at].Day, d.day)
	}
	return people, categories, nil
}

// readRetail reads purchases: the top categories of articles, and one line of an
// invoice each.
func readRetail(_ *dataSet, files []string, add func(fact)) error {
	taxonomy, err := segment.ReadTSV(strings.NewReader(ingest.RetailTaxonomyTSV()))
	if err != nil {
		return err
	}
	reader, err := ingest.Open(files[0], ingest.Config{Profile: ingest.OnlineRetail()})
	if err != nil {
		return err
	}
	defer reader.Close()
	for row, err := range reader.Rows(context.Background()) {
		if err != nil {
			return err
		}
		f := fact{who: row.Person.Expose(), item: row.Item, day: dayOfTime(row.Time), amount: 1000}
		for c := row.Category; c != "" && c != ingest.RetailRoot; {
			parent, _ := taxonomy.Parent(c)
			if parent == ingest.RetailRoot {
				f.categories = []string{c}
			}
			c = parent
		}
		add(f)
	}
	return nil
}

// readWeb reads who visited which areas of a site in one week. An area is a category
// and an item.
func readWeb(s *dataSet, files []string, add func(fact)) error {
	who := ""
	return lines(files[0], func(line string) error {
		switch part := strings.Split(line, ","); {
		case part[0] == "C" && len(part) == 3:
			who = part[2]
		case part[0] == "V" && len(part) == 3 && who != "":
			add(fact{who: who, categories: []string{part[1]}, item: part[1], day: s.last})
		case part[0] == "V":
			return errData
		}
		return nil
	})
}

// readMovies reads who rated which film, and the genres of films.
func readMovies(_ *dataSet, files []string, add func(fact)) error {
	genres := map[string][]string{}
	err := lines(files[0], func(line string) error {
		part := strings.Split(line, "::")
		if len(part) != 3 {
			return errData
		}
		if part[2] != "" {
			genres[part[0]] = strings.Split(part[2], "|")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return lines(files[1], func(line string) error {
		part := strings.Split(line, "::")
		if len(part) != 4 {
			return errData
		}
		seconds, err := strconv.ParseInt(part[3], 10, 64)
		if err != nil {
			return errData
		}
		add(fact{who: part[0], categories: genres[part[1]], item: part[1], day: dp.Day(seconds / 86400), amount: 1000})
		return nil
	})
}

// lines calls f with each line of a compressed file.
func lines(path string, f func(line string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var in io.Reader
	if in, err = gzip.NewReader(file); err != nil {
		return err
	}
	scan := bufio.NewScanner(in)
	for scan.Scan() {
		if err := f(scan.Text()); err != nil {
			return err
		}
	}
	return scan.Err()
}
