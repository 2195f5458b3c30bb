package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/discreet-go/discreet/segment/rank"
	"github.com/discreet-go/discreet/segment/rank/eval"
)

var errRanking = errors.New("bench: the best ranking without noise reaches less than 0.087 NDCG@10 on online-retail")

// The shape of the private ranker, chosen on the last fifth of the training
// period: the first table has this share of the budget, and the second counts so
// many items, those that look most popular in the first.
const (
	rankFirstShare = 0.35
	rankNarrow     = 300
)

// Windows that are tried on the last fifth of the training period.
var (
	rankWindows = []rankWindow{
		{3, 21, 1}, {5, 21, 1}, {7, 21, 1}, {14, 14, 1}, {14, 21, 1}, {28, 28, 1}, // much noise
		{3, 28, 2}, {7, 21, 2}, {2, 28, 4}, {4, 28, 4}, {3, 28, 8}, {3, 28, 16}, // little
	}
	rankBareWindows = []rankWindow{{2, 45, 0}, {3, 45, 0}, {4, 45, 0}, {7, 45, 0}, {14, 21, 0}, {28, 60, 0}}
)

// ranks measures what rankings are worth that are made from released tables, at
// (epsilon, 1e-6) for the whole training period, and what one takes to serve.
//
// How long events count is chosen on the last fifth of the training period, and
// nothing on the test split. Such a choice reads raw events, so it is outside of
// the guarantee, as choosing any bound by raw data is: a service takes it from
// elsewhere. The reference without noise has its windows chosen the same way.
func ranks(ctx context.Context, b *bench) error {
	for _, c := range []struct {
		name string
		read func(context.Context, string) (*rankData, error)
		file string
	}{
		{"online-retail", retailData, "online-retail/online-retail.csv.gz"},
		{"movietweetings", tweetsData, "movietweetings/ratings.dat.gz"},
	} {
		if b.data == "" {
			b.skip(c.name, "-data is not set")
			continue
		}
		if _, err := os.Stat(filepath.Join(b.data, filepath.FromSlash(c.file))); err != nil {
			b.skip(c.name, "the data set is not there")
			continue
		}
		d, err := c.read(ctx, b.data)
		if err != nil {
			return err
		}
		if err := b.rankCase(ctx, c.name, d); err != nil {
			return err
		}
	}
	return rankServe(b)
}

// rankTuned is what was chosen without a look at the test split.
type rankTuned struct {
	recent, recentPrivate, bare, private rankWindow
	use                                  bool // the private ranker is no worse than private popularity
}

// rankCase measures one data set.
func (b *bench) rankCase(ctx context.Context, name string, d *rankData) error {
	test, before, err := newPast(d, d.events)
	if err != nil {
		return err
	}
	held, _, err := newPast(d, before)
	if err != nil {
		return err
	}
	tuned, err := b.tuneRank(ctx, held)
	if err != nil {
		return err
	}
	draws := 20
	if b.short {
		draws = 2
	}
	popularity, err := test.plain(ctx, test.bare(rankWindow{})[0])
	if err != nil {
		return err
	}
	recent, err := test.plain(ctx, test.bare(tuned.recent)[0])
	if err != nil {
		return err
	}
	best, err := test.bareModel(ctx, tuned.bare)
	if err != nil {
		return err
	}
	at, err := test.private(ctx, 1, tuned, draws)
	if err != nil {
		return err
	}
	value := func(s eval.Scores) float64 { return eval.MeanOf(s.NDCG).Value }
	list := []result{
		{Metric: "people", Value: float64(len(test.cases))},
		{Metric: "items", Value: float64(len(test.items))},
		{Metric: "ndcg10_popularity", Value: value(popularity)},
		{Metric: "ndcg10_recent_popularity", Value: value(recent)},
		{Metric: "ndcg10_recent_popularity_private", Value: value(at.popularity)},
		{Metric: "ndcg10_recent_popularity_private_se", Value: at.popularityDraws.SE},
		{Metric: "ndcg10_nonprivate", Value: value(best)},
		{Metric: "ndcg10_nonprivate_se_people", Value: eval.MeanOf(best.NDCG).SE},
		{Metric: "ndcg10_private", Value: value(at.ranker)},
		{Metric: "ndcg10_private_se", Value: at.rankerDraws.SE},
		{Metric: "ndcg10_private_se_people", Value: eval.MeanOf(at.ranker.NDCG).SE},
		{Metric: "ndcg10_private_limits", Value: value(at.limited)},
	}
	list = append(list, rankDetails(at, best, popularity)...)
	// What a service gets that chose on held-out people, before the test split.
	chosen, used := 0.0, at.popularity
	if tuned.use {
		chosen, used = 1, at.ranker
	}
	list = append(list,
		result{Metric: "ranker_chosen", Value: chosen},
		result{Metric: "ndcg10_private_chosen", Value: value(used)},
		result{Metric: "private_half_life_days", Value: float64(tuned.private.halfLife)},
		result{Metric: "private_lookback_days", Value: float64(tuned.private.lookback)},
		result{Metric: "private_norm", Value: float64(tuned.private.norm)},
	)
	if err := b.reports(name, "", list...); err != nil {
		return err
	}
	if name == "online-retail" && value(best) < 0.087 {
		return errRanking
	}
	if name == "movietweetings" {
		return nil // the control: one budget shows it
	}
	return b.rankCurve(ctx, name, test, held, best, at)
}

// rankDetails compares, in all and by tercile.
func rankDetails(at privateScores, best, popularity eval.Scores) []result {
	mean := func(s eval.Scores) float64 { return eval.MeanOf(s.NDCG).Value }
	lift, err := eval.Compare(at.ranker, at.popularity)
	if err != nil || lift.SE == 0 {
		lift = eval.Mean{SE: 1}
	}
	// Draws vary the numerator only, so the error of the ratio over draws is that
	// of the mean over draws.
	list := []result{
		{Metric: "retained", Value: mean(at.ranker) / mean(best)},
		{Metric: "retained_se", Value: at.rankerDraws.SE / mean(best)},
		{Metric: "retained_of_lift", Value: (mean(at.ranker) - mean(popularity)) / (mean(best) - mean(popularity))},
		{Metric: "lift", Value: lift.Value},
		{Metric: "lift_se", Value: lift.Value / math.Hypot(lift.SE, math.Hypot(at.rankerDraws.SE, at.popularityDraws.SE))},
		{Metric: "hit10_private", Value: eval.MeanOf(at.ranker.Hit).Value},
		{Metric: "mrr10_private", Value: eval.MeanOf(at.ranker.MRR).Value},
		{Metric: "coverage10_private", Value: at.ranker.Coverage},
		{Metric: "hit10_nonprivate", Value: eval.MeanOf(best.Hit).Value},
		{Metric: "mrr10_nonprivate", Value: eval.MeanOf(best.MRR).Value},
		{Metric: "coverage10_nonprivate", Value: best.Coverage},
	}
	with, without, plain := at.ranker.ByTercile(), best.ByTercile(), at.popularity.ByTercile()
	for t, name := range []string{"least_active", "middle", "most_active"} {
		list = append(list,
			result{Metric: "ndcg10_private_" + name, Value: with[t].Value},
			result{Metric: "ndcg10_nonprivate_" + name, Value: without[t].Value},
			result{Metric: "ndcg10_recent_popularity_private_" + name, Value: plain[t].Value},
		)
	}
	return list
}

// rankCurve reports the private ranker from epsilon 0.1 to 8, and the least
// epsilon that retains 95 %, between the points by the logarithm of epsilon. It
// goes on to 64 where 8 does not do. How long events count, and to which norm, is
// chosen for each epsilon on the last fifth of the training period.
func (b *bench) rankCurve(ctx context.Context, name string, test, held *past, bare eval.Scores, atOne privateScores) error {
	best := eval.MeanOf(bare.NDCG).Value
	tries, draws := 2, 6
	if b.short {
		tries, draws = 1, 2
	}
	var lastEpsilon, last float64
	found := false
	for _, epsilon := range []float64{0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64} {
		if epsilon > 8 && found {
			break
		}
		at := atOne
		if epsilon != 1 {
			w, _, err := held.tunePrivate(ctx, epsilon, tries)
			if err != nil {
				return err
			}
			if at, err = test.private(ctx, epsilon, rankTuned{private: w, recentPrivate: w}, draws); err != nil {
				return err
			}
		}
		retained := eval.MeanOf(at.ranker.NDCG).Value / best
		err := b.reports(name, "",
			result{Metric: fmt.Sprintf("retained_at_epsilon_%g", epsilon), Value: retained},
			result{Metric: fmt.Sprintf("ndcg10_private_at_epsilon_%g", epsilon), Value: retained * best},
		)
		if err != nil {
			return err
		}
		if !found && retained >= 0.95 {
			found = true
			need := epsilon
			if last > 0 && retained > last {
				need = lastEpsilon * math.Pow(epsilon/lastEpsilon, (0.95-last)/(retained-last))
			}
			if err := b.reports(name, "", result{Metric: "epsilon_for_95", Value: need}); err != nil {
				return err
			}
		}
		lastEpsilon, last = epsilon, retained
	}
	if !found {
		b.skip(name, "epsilon_for_95: not reached at epsilon 64")
	}
	return nil
}

// privateScores are averages over draws, with the errors that draws add.
type privateScores struct {
	ranker, limited, popularity  eval.Scores
	rankerDraws, popularityDraws eval.Mean
}

// private scores the private ranker and private popularity over draws, each with
// the whole budget to itself.
func (p *past) private(ctx context.Context, epsilon float64, tuned rankTuned, draws int) (privateScores, error) {
	var rankers, limits, plains []eval.Scores
	var means, plainMeans []float64
	for range draws {
		r, err := p.totals(ctx, epsilon, tuned.private, rankFirstShare, rankNarrow)
		if err != nil {
			return privateScores{}, err
		}
		m, err := p.model(rank.Config{Totals: r, Weights: rank.NewItemWeights()})
		if err != nil {
			return privateScores{}, err
		}
		s, err := p.score(ctx, m, nil)
		if err != nil {
			return privateScores{}, err
		}
		if len(limits) < 3 {
			of := rank.DefaultLimits()
			l, err := p.score(ctx, m, &of)
			if err != nil {
				return privateScores{}, err
			}
			limits = append(limits, l)
		}
		alone, err := p.totals(ctx, epsilon, tuned.recentPrivate, 1, 0)
		if err != nil {
			return privateScores{}, err
		}
		plain, err := p.plain(ctx, alone[0])
		if err != nil {
			return privateScores{}, err
		}
		rankers, plains = append(rankers, s), append(plains, plain)
		means = append(means, eval.MeanOf(s.NDCG).Value)
		plainMeans = append(plainMeans, eval.MeanOf(plain.NDCG).Value)
	}
	out := privateScores{rankerDraws: eval.MeanOf(means), popularityDraws: eval.MeanOf(plainMeans)}
	var err [3]error
	out.ranker, err[0] = eval.Average(rankers...)
	out.popularity, err[1] = eval.Average(plains...)
	out.limited, err[2] = eval.Average(limits...)
	return out, errors.Join(err[:]...)
}

// bareModel scores the same model without bounds and without noise.
func (p *past) bareModel(ctx context.Context, w rankWindow) (eval.Scores, error) {
	m, err := p.model(rank.Config{Totals: p.bare(w), Weights: rank.NewItemWeights()})
	if err != nil {
		return eval.Scores{}, err
	}
	return p.score(ctx, m, nil)
}

// tuneRank chooses windows on the last fifth of the training period, each for its
// own use, and whether the private ranker is to be used at all.
func (b *bench) tuneRank(ctx context.Context, held *past) (t rankTuned, err error) {
	draws := 6
	if b.short {
		draws = 1
	}
	t.recent, _, err = chooseWindow(rankBareWindows, func(w rankWindow) (eval.Scores, error) {
		return held.plain(ctx, held.bare(w)[0])
	})
	if err != nil {
		return t, err
	}
	t.bare, _, err = chooseWindow(rankBareWindows, func(w rankWindow) (eval.Scores, error) {
		return held.bareModel(ctx, w)
	})
	if err != nil {
		return t, err
	}
	var plain, ranker eval.Scores
	t.recentPrivate, plain, err = chooseWindow(rankWindows, func(w rankWindow) (eval.Scores, error) {
		return averaged(draws, func() (eval.Scores, error) {
			r, err := held.totals(ctx, 1, w, 1, 0)
			if err != nil {
				return eval.Scores{}, err
			}
			return held.plain(ctx, r[0])
		})
	})
	if err != nil {
		return t, err
	}
	t.private, ranker, err = held.tunePrivate(ctx, 1, draws)
	if err != nil {
		return t, err
	}
	chosen, err := eval.Choose(plain, ranker)
	t.use = chosen == 0
	return t, err
}

// tunePrivate chooses the window of the private ranker for an epsilon.
func (p *past) tunePrivate(ctx context.Context, epsilon float64, draws int) (rankWindow, eval.Scores, error) {
	return chooseWindow(rankWindows, func(w rankWindow) (eval.Scores, error) {
		return averaged(draws, func() (eval.Scores, error) {
			r, err := p.totals(ctx, epsilon, w, rankFirstShare, rankNarrow)
			if err != nil {
				return eval.Scores{}, err
			}
			m, err := p.model(rank.Config{Totals: r, Weights: rank.NewItemWeights()})
			if err != nil {
				return eval.Scores{}, err
			}
			return p.score(ctx, m, nil)
		})
	})
}

// chooseWindow returns the window that scores best, and its scores.
func chooseWindow(windows []rankWindow, score func(rankWindow) (eval.Scores, error)) (w rankWindow, best eval.Scores, err error) {
	most := -1.0
	for _, try := range windows {
		s, err := score(try)
		if err != nil {
			return w, best, err
		}
		if m := eval.MeanOf(s.NDCG).Value; m > most {
			w, best, most = try, s, m
		}
	}
	return w, best, nil
}

func averaged(draws int, score func() (eval.Scores, error)) (eval.Scores, error) {
	var list []eval.Scores
	for range draws {
		s, err := score()
		if err != nil {
			return s, err
		}
		list = append(list, s)
	}
	return eval.Average(list...)
}
