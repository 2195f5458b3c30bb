package dp_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"pgregory.net/rapid"
)

// explained were computed with mpmath at 50 digits from the formulas of
// docs/proofs/explained-loss.md: total mu or epsilon, total delta, advantage, finds
// at 0.05 and 0.01 alarms; for each prior how often the best guess is right, and the
// posterior held by 95 and 99 %.
var explained = []struct {
	loss dp.Loss
	want []float64
}{
	{dp.Loss{Mu: 0.1, Delta: 0, Windows: 1, Identifiers: 1}, []float64{0.100000000000000006, 0.0, 0.0398776116767449254, 0.0611908362133443058, 0.0129954445461476932, 0.519938805838372463, 0.552454593489004864, 0.567349442623527943, 0.9, 0.120613707490812685, 0.1271740508277902, 0.99, 0.012315233367397905, 0.0130726417131455269, 0.999, 0.00123412086201172816, 0.00131092599485513331}},
	{dp.Loss{Mu: 0.5, Delta: 0, Windows: 1, Identifiers: 1}, []float64{0.5, 0.0, 0.197412651365847448, 0.126134898193430298, 0.033898939122842778, 0.598706325682923724, 0.757779256111302272, 0.809447542566018968, 0.900000168725066467, 0.257944052971644061, 0.320646980991809115, 0.99, 0.0306326502273319715, 0.0411427136575240704, 0.999, 0.0031218208756418346, 0.0042341466537727792}},
	{dp.Loss{Mu: 0.5, Delta: 1e-06, Windows: 1, Identifiers: 1}, []float64{0.5, 9.99999999999999955e-7, 0.197413651365847448, 0.126135898193430298, 0.033899939122842778, 0.598706825682923724, 0.757783709131683344, 0.809465611652893154, 0.900000268725066467, 0.257948696713534326, 0.320672500980476409, 0.99000001, 0.0306333706398623357, 0.0411473355404392027, 0.999000001, 0.00312189637767700937, 0.00423464061974984934}},
	{dp.Loss{Mu: 0.38, Delta: 1e-07, Windows: 12, Identifiers: 1}, []float64{1.31635861375234676, 1.19999999999999995e-6, 0.489578279978028882, 0.371269907092184178, 0.156251417744888294, 0.744789139989014441, 0.970269100027933026, 0.986692517438797196, 0.906625157546769415, 0.78383592110810793, 0.891756269406983571, 0.990006564997544797, 0.247920612567795778, 0.428227186896587955, 0.999000001669229958, 0.0316342877234171275, 0.0690919169161410057}},
	{dp.Loss{Mu: 0.38, Delta: 1e-07, Windows: 1, Identifiers: 3}, []float64{1.14000000000000001, 5.33198739645153193e-6, 0.431327633894748148, 0.306836155437280504, 0.117747805898145106, 0.715663816947374074, 0.949177835443228684, 0.974317590583764358, 0.903103392050022119, 0.674813836637152285, 0.808254256716497777, 0.990000662870378084, 0.158710206207081092, 0.277040633950597669, 0.99900000533531666, 0.0183520550695399174, 0.0365857819440838375}},
	{dp.Loss{Mu: 0.2, Delta: 1e-07, Windows: 12, Identifiers: 3}, []float64{2.07846096908265287, 0.000462830102440622264, 0.701765274107470495, 0.668176028995352958, 0.402573786147061914, 0.850882637053735248, 0.998072281985891182, 0.99951249206962356, 0.933109632554469314, 0.982914033279702095, 0.995629473955465058, 0.990640284409435944, 0.839480648972858597, 0.95393739179836039, 0.999005224650614334, 0.341354032664929832, 0.672378312185078582}},
	{dp.Loss{Mu: 3, Delta: 0, Windows: 1, Identifiers: 1}, []float64{3.0, 0.0, 0.866385597462283868, 0.912314536750296435, 0.749733747466796951, 0.933192798731141934, 0.999965969392781753, 0.99999498966857785, 0.966348914863506437, 0.999693807894262049, 0.999954908824574514, 0.993669811709862536, 0.996642168252616993, 0.999504220623068226, 0.99913958190930656, 0.967120108225948104, 0.995019582544261792}},
	{dp.Loss{Mu: 0.0001, Delta: 0, Windows: 1, Identifiers: 1}, []float64{0.000100000000000000005, 0.0, 0.0000398942280235206747, 0.0500103144122820174, 0.0100026655242507161, 0.50001994711401176, 0.500051568897412326, 0.500066631484055462, 0.9, 0.100018566334981116, 0.100023989891831318, 0.99, 0.0100020423347665942, 0.0100026389514096039, 0.999, 0.00100020609052727073, 0.00100026629482655013}},
	{dp.Loss{Epsilon: 1, Delta: 0, Windows: 1, Identifiers: 1}, []float64{1.0, 0.0, 0.462117157260009759, 0.135914091422952269, 0.0271828182845904529, 0.731058578630004879, 0.731058578630004879, 0.731058578630004879, 0.9, 0.231969316684073936, 0.231969316684073936, 0.99, 0.0267236309893952241, 0.0267236309893952241, 0.999, 0.00271361906612835688, 0.00271361906612835688}},
	{dp.Loss{Epsilon: 1, Delta: 1e-06, Windows: 1, Identifiers: 1}, []float64{1.0, 9.99999999999999955e-7, 0.462117695142852498, 0.135915091422952269, 0.0271838182845904529, 0.731058847571426249, 0.73106251088982066, 0.731078240352114177, 0.9000001, 0.231972879929863602, 0.231987134007779186, 0.99000001, 0.0267241511890919083, 0.0267262321904175865, 0.999000001, 0.00271367319231469689, 0.00271388971865393388}},
	{dp.Loss{Epsilon: 0.25, Delta: 1e-06, Windows: 4, Identifiers: 2}, []float64{2.0, 0.0000148731273138361803, 0.761597701796235721, 0.369467678073846368, 0.07390543411662034, 0.88079885089811786, 0.880828310744603376, 0.880953263964696344, 0.900001487312731384, 0.450926719550644794, 0.451221597078263201, 0.990000148731273138, 0.0694723898106646746, 0.0695494170345702461, 0.999000014873127314, 0.00734431533035685221, 0.00735300263083895277}},
	{dp.Loss{Epsilon: 2, Delta: 1e-06, Windows: 1, Identifiers: 3}, []float64{6.0, 0.0000629872061320748865, 0.995055065173979359, 0.997645341561841262, 0.997546191474774607, 0.99752753258698968, 0.997530484023626927, 0.997542912938246156, 0.99752753258698968, 0.978204942160958257, 0.978312520643643851, 0.99752753258698968, 0.80315651514670241, 0.803954955611087097, 0.999000062987206132, 0.287922739204895372, 0.288960879251614237}},
	{dp.Loss{Epsilon: 8, Delta: 1e-06, Windows: 1, Identifiers: 1}, []float64{8.0, 9.99999999999999955e-7, 0.999329300409767305, 0.999681310838955242, 0.999667892333839141, 0.999664650204883652, 0.999664656574286982, 0.999664683393301722, 0.999664650204883652, 0.996989984280445601, 0.996990224361747033, 0.999664650204883652, 0.967857326606724243, 0.967859815424655615, 0.999664650204883652, 0.748996085307736292, 0.749011125986531522}},
	{dp.Loss{Epsilon: 0.001, Delta: 0, Windows: 1, Identifiers: 1}, []float64{0.00100000000000000002, 0.0, 0.00049999995833333751, 0.0500500250083354199, 0.0100100050016670836, 0.500249999979166669, 0.500249999979166669, 0.500249999979166669, 0.9, 0.100090036006899759, 0.100090036006899759, 0.99, 0.0100099048525523463, 0.0100099048525523463, 0.999, 0.00100099949866654305, 0.00100099949866654305}},
}

func numbers(e dp.Explanation) []float64 {
	out := []float64{math.Max(e.Mu, e.Epsilon), e.Delta, e.Advantage}
	for _, t := range e.Tests {
		out = append(out, t.Finds)
	}
	for _, b := range e.Beliefs {
		out = append(out, b.Right, b.Mostly, b.Nearly)
	}
	return out
}

func explain(t interface{ Fatal(...any) }, l dp.Loss) dp.Explanation {
	e, err := dp.Explain(l)
	if err != nil {
		t.Fatal(l, err)
	}
	return e
}

// TestExplainVectors holds every number at or above the exact one, and close to it.
func TestExplainVectors(t *testing.T) {
	for _, c := range explained {
		got := numbers(explain(t, c.loss))
		if len(got) != len(c.want) {
			t.Fatal(len(got), len(c.want))
		}
		for i, want := range c.want {
			// The values above are rounded to 18 digits and to a float.
			if got[i] < want*(1-0x1p-52) || got[i] > want*(1+1e-9) {
				t.Errorf("%+v: number %d is %v, exact %v", c.loss, i, got[i], want)
			}
		}
	}
}

// TestExplainHoldsForGaussianNoise compares with what a Gaussian release really
// teaches: the log of the odds' factor is normal with mean mu^2/2 and variance mu^2
// for a person in the data. Half of mu would be found wrong.
func TestExplainHoldsForGaussianNoise(t *testing.T) {
	for _, mu := range []float64{0.1, 0.5, 1, 2, 4} {
		e := explain(t, dp.Loss{Mu: mu, Windows: 1, Identifiers: 1})
		for i, rare := range []float64{0.05, 0.01} {
			b := e.Beliefs[1] // odds 9 to 1 against
			post := []float64{b.Mostly, b.Nearly}[i]
			factor := post / (1 - post) * 9
			exceeds := func(mu float64) float64 { return math.Erfc((math.Log(factor)/mu-mu/2)/math.Sqrt2) / 2 }
			if p := exceeds(mu); p > rare {
				t.Errorf("mu %v: the posterior is above its bound with probability %v", mu, p)
			}
			if p := exceeds(2 * mu); p <= rare {
				t.Errorf("mu %v: a bound for half of the loss would pass", mu)
			}
		}
	}
}

// TestExplainHoldsForRandomizedResponse: it keeps epsilon with equality, so that the
// odds grow by e^epsilon exactly, in every outcome that speaks for the person.
func TestExplainHoldsForRandomizedResponse(t *testing.T) {
	for _, epsilon := range []float64{0.01, 0.5, 1, 3} {
		e := explain(t, dp.Loss{Epsilon: epsilon, Windows: 1, Identifiers: 1})
		truth := math.Exp(epsilon) / (1 + math.Exp(epsilon))
		for _, b := range e.Beliefs {
			after := b.Prior * truth / (b.Prior*truth + (1-b.Prior)*(1-truth))
			if b.Mostly < after*(1-1e-15) || b.Mostly > after*(1+1e-12) || math.Abs(b.Nearly/b.Mostly-1) > 1e-12 {
				t.Errorf("epsilon %v, prior %v: %v, not %v", epsilon, b.Prior, b.Mostly, after)
			}
		}
		if math.Abs(e.Advantage-(2*truth-1)) > 1e-14 || e.Beliefs[0].Right < truth*(1-1e-15) {
			t.Errorf("epsilon %v: advantage %v", epsilon, e.Advantage)
		}
	}
}

// TestExplainGrows: more loss, windows or identifiers never read as less, bounds are
// probabilities, and a belief never says less than the prior.
func TestExplainGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := dp.Loss{
			Delta:       rapid.SampledFrom([]float64{0, 1e-12, 1e-7, 1e-3}).Draw(t, "delta"),
			Windows:     rapid.IntRange(1, 24).Draw(t, "windows"),
			Identifiers: rapid.IntRange(1, 4).Draw(t, "identifiers"),
		}
		size := math.Pow(10, rapid.Float64Range(-3, 0.7).Draw(t, "log"))
		if rapid.Bool().Draw(t, "gaussian") {
			l.Mu = size
		} else {
			l.Epsilon = size
		}
		e := explain(t, l)
		base := numbers(e)
		for i, x := range base[2:] {
			if !(x > 0 && x <= 1) {
				t.Fatal(i, x)
			}
		}
		for _, b := range e.Beliefs {
			if b.Mostly < b.Prior || b.Nearly < b.Mostly*(1-1e-12) || b.Right < b.Before*(1-1e-15) {
				t.Fatalf("%+v", b)
			}
		}
		more := l
		switch rapid.IntRange(0, 3).Draw(t, "more") {
		case 0:
			more.Mu, more.Epsilon = l.Mu*1.5, l.Epsilon*1.5
		case 1:
			more.Windows++
		case 2:
			more.Identifiers++
		case 3:
			more.Delta = l.Delta*2 + 1e-9
		}
		for i, x := range numbers(explain(t, more)) {
			if x < base[i]*(1-1e-9) {
				t.Fatalf("%+v reads as less than %+v in number %d: %v, %v", more, l, i, x, base[i])
			}
		}
	})
}

// TestExplainGaussianBelowBox: what is explained by mu reads as no more than by the
// (epsilon, delta) that it implies, delta being the reserve of both.
func TestExplainGaussianBelowBox(t *testing.T) {
	for _, mu := range []float64{0.1, 0.5, 1} {
		epsilon, err := accounting.EpsilonForMu(accounting.Mu(mu), 1e-6)
		if err != nil {
			t.Fatal(err)
		}
		exact := numbers(explain(t, dp.Loss{Mu: mu, Windows: 1, Identifiers: 1}))
		boxed := numbers(explain(t, dp.Loss{Epsilon: epsilon, Delta: 1e-6, Windows: 1, Identifiers: 1}))
		for i := 2; i < len(exact); i++ {
			if exact[i] > boxed[i]*(1+1e-12) {
				t.Errorf("mu %v: number %d is %v by mu and %v by epsilon", mu, i, exact[i], boxed[i])
			}
		}
	}
}

func TestExplainRefuses(t *testing.T) {
	for name, l := range map[string]dp.Loss{
		"nothing":         {},
		"no loss":         {Windows: 1, Identifiers: 1},
		"two losses":      {Mu: 1, Epsilon: 1, Windows: 1, Identifiers: 1},
		"negative":        {Mu: -1, Windows: 1, Identifiers: 1},
		"nan":             {Mu: math.NaN(), Windows: 1, Identifiers: 1},
		"infinite":        {Mu: math.Inf(1), Windows: 1, Identifiers: 1},
		"large mu":        {Mu: 33, Windows: 1, Identifiers: 1},
		"large epsilon":   {Epsilon: 65, Windows: 1, Identifiers: 1},
		"nan epsilon":     {Epsilon: math.NaN(), Windows: 1, Identifiers: 1},
		"mu, nan epsilon": {Mu: 1, Epsilon: math.NaN(), Windows: 1, Identifiers: 1},
		"nan delta":       {Mu: 1, Delta: math.NaN(), Windows: 1, Identifiers: 1},
		"large delta":     {Mu: 1, Delta: 0.6, Windows: 1, Identifiers: 1},
		"negative delta":  {Mu: 1, Delta: -1e-9, Windows: 1, Identifiers: 1},
		"no window":       {Mu: 1, Identifiers: 1},
		"no identifier":   {Mu: 1, Windows: 1},
		"many windows":    {Mu: 1, Windows: dp.MaxWindows + 1, Identifiers: 1},
		"many people":     {Mu: 1, Windows: 1, Identifiers: dp.MaxIdentifiers + 1},
	} {
		if e, err := dp.Explain(l); err != dp.ErrExplain || e.Format != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := (dp.Explanation{}).String(); got != "This explains nothing." {
		t.Error(got)
	}
}

// TestExplainEverything: a loss beyond what can be computed rules nothing out, and
// says so.
func TestExplainEverything(t *testing.T) {
	for _, l := range []dp.Loss{
		{Mu: 32, Windows: dp.MaxWindows, Identifiers: dp.MaxIdentifiers},
		{Mu: 1, Delta: 0.5, Windows: 2, Identifiers: 1},
		{Mu: 1, Delta: 0.5, Windows: 2, Identifiers: 3},
		{Mu: 1, Delta: 0.4, Windows: 1, Identifiers: 3},
		{Epsilon: 64, Windows: 100, Identifiers: 1},
		{Epsilon: 1, Delta: 0.5, Windows: 2, Identifiers: 1},
	} {
		e := explain(t, l)
		for i, x := range numbers(e)[2:] {
			if x != 1 {
				t.Errorf("%+v: number %d is %v", l, i, x)
			}
		}
		if !strings.Contains(e.String(), "rules nothing out") {
			t.Error(e)
		}
	}
}

// TestExplainSentencesRoundUp reads the bounds back from the text.
func TestExplainSentencesRoundUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := math.Pow(10, rapid.Float64Range(-9, 0).Draw(t, "log"))
		if rapid.Bool().Draw(t, "close to 1") {
			p = 1 - p
		}
		var shown float64
		text := dp.PercentUp(p)
		if err := json.Unmarshal([]byte(strings.TrimSuffix(text, " %")), &shown); err != nil {
			t.Fatal(text, err)
		}
		if shown/100 < p*(1-1e-15) || shown > 100*p+math.Max(0.1, 0.2*p) || shown > 100 {
			t.Fatal(p, text)
		}
		digits := rapid.IntRange(2, 6).Draw(t, "digits")
		if err := json.Unmarshal([]byte(dp.Up(p, digits)), &shown); err != nil || shown < p || shown > p*(1+2*math.Pow10(1-digits)) {
			t.Fatal(p, dp.Up(p, digits))
		}
	})
	for p, want := range map[float64]string{1: "100 %", 0: "0 %", 0.5: "50 %", 1 - 3*0x1p-14: "99.9817 %", 0.99: "99 %", 0.123401: "12.4 %", 1e-12: "0.000001 %"} {
		if got := dp.PercentUp(p); got != want {
			t.Errorf("%v is said as %s, not %s", p, got, want)
		}
	}
}

// TestExplanationFormat holds the JSON form.
func TestExplanationFormat(t *testing.T) {
	var got []byte
	for _, l := range []dp.Loss{
		{Mu: 0.38, Delta: 1e-7, Windows: 12, Identifiers: 2},
		{Epsilon: 1, Delta: 1e-6, Windows: 1, Identifiers: 1},
	} {
		data, err := json.MarshalIndent(explain(t, l), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(append(got, data...), '\n')
	}
	want, err := os.ReadFile("testdata/explanation-0.json")
	if err != nil || string(got) != string(want) {
		t.Errorf("%v; got\n%s", err, got)
	}
}

func TestLosses(t *testing.T) {
	if got := dp.LossOf(dp.Header{Mu: 0.25, Delta: 1e-8}); got != (dp.Loss{Mu: 0.25, Delta: 1e-8, Windows: 1, Identifiers: 1}) {
		t.Error(got)
	}
	if got := budget.Loss(); got != (dp.Loss{Epsilon: 2, Delta: 1e-6, Windows: 1, Identifiers: 1}) {
		t.Error(got)
	}
}
