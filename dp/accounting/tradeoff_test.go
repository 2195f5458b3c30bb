package accounting_test

import (
	"math"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"pgregory.net/rapid"
)

// tradeoffs were computed with mpmath at 60 digits: Q(z - mu) and Q(z + mu), with z
// found by 260 halvings of Q(z) = p, p being the float.
var tradeoffs = []struct {
	p, mu         float64
	power, alarms float64
}{
	{1e-300, 1e-06, 1.0000370747365281809e-300, 9.9996292663695776162e-301},
	{1e-300, 0.1, 4.0544843617420110917e-299, 2.4418814519122396196e-302},
	{1e-300, 0.5, 9.9147221442571072448e-293, 7.8564183669488884961e-309},
	{1e-300, 1.0, 7.6571720647830869962e-285, 4.807865162623489939e-317},
	{1e-300, 3.0, 2.2404714648889896078e-254, 5.5444053357140068477e-351},
	{1e-300, 32.0, 2.2428764167000033441e-7, 3.2499377345688571764e-1038},
	{1e-20, 1e-06, 1.0000093679659193252e-20, 9.9999063212084944959e-21},
	{1e-20, 0.1, 2.5391952080513909692e-20, 3.8994949050148929158e-21},
	{1e-20, 0.5, 9.5619144023734596728e-19, 8.1670977653901754496e-23},
	{1e-20, 1.0, 7.1422015073072598149e-17, 5.2075842597647192701e-25},
	{1e-20, 3.0, 1.8962135208371205997e-10, 7.2136229973567642985e-35},
	{1e-20, 32.0, 1.0, 1.8810394293863709459e-372},
	{1e-07, 1e-06, 1.0000053795464659646e-7, 9.9999462048150395033e-8},
	{1e-07, 0.1, 1.7042209584083889192e-7, 5.8111785404178819913e-8},
	{1e-07, 0.5, 1.3050335144536924798e-6, 6.0136924635558480003e-9},
	{1e-07, 1.0, 0.000013384848315672580745, 2.8350648139751044437e-10},
	{1e-07, 3.0, 0.013926963644876023229, 1.2085762783009542274e-16},
	{1e-07, 32.0, 1.0, 3.4972399131133711569e-303},
	{0.01, 1e-06, 0.010000026652173204763, 0.0099999733478887978077},
	{0.01, 0.1, 0.012995444546147693232, 0.0076258214932902108568},
	{0.01, 0.5, 0.033898939122842778, 0.002354105082954643441},
	{0.01, 1.0, 0.092362248073693937146, 0.00043996018047378588947},
	{0.01, 3.0, 0.74973374746679695124, 5.0103565256968569748e-8},
	{0.01, 32.0, 1.0, 1.5875249482158390161e-258},
	{0.05, 1e-06, 0.050000103135725199692, 0.049999896864444448891},
	{0.05, 0.1, 0.061190836213344305832, 0.040505175609504852414},
	{0.05, 0.5, 0.12613489819343029833, 0.015982275968578405454},
	{0.05, 1.0, 0.25951102284144407937, 0.0040863130600332415895},
	{0.05, 3.0, 0.91231453675029643494, 1.7015882669942953544e-6},
	{0.05, 32.0, 1.0, 1.853980900805674975e-248},
	{0.5, 1e-06, 0.50000039894228040137, 0.49999960105771959863},
	{0.5, 0.1, 0.53982783727702898367, 0.46017216272297101633},
	{0.5, 0.5, 0.69146246127401310364, 0.30853753872598689636},
	{0.5, 1.0, 0.84134474606854294859, 0.15865525393145705141},
	{0.5, 3.0, 0.99865010196836990547, 0.0013498980316300945267},
	{0.5, 32.0, 1.0, 5.452080603512396092e-225},
	{0.9, 1e-06, 0.90000017549821949963, 0.89999982450155563462},
	{0.9, 0.1, 0.91644528280939758627, 0.88130815930439312747},
	{0.9, 0.5, 0.9625888055999398867, 0.78276091957269484256},
	{0.9, 1.0, 0.98874208548739523836, 0.61085630835463907947},
	{0.9, 3.0, 0.99999072026483592439, 0.042857426172889609651},
	{0.9, 32.0, 1.0, 1.6140043322407136584e-207},
	{0.999999999999, 1e-06, 0.99999999999900002929, 0.99999999999900001495},
	{0.999999999999, 0.1, 0.9999999999995142557, 0.99999999999796150923},
	{0.999999999999, 0.5, 0.99999999999997548707, 0.99999999996808601166},
	{0.999999999999, 1.0, 0.99999999999999953014, 0.99999999920265721988},
	{0.999999999999, 3.0, 1.0, 0.99997263912979317227},
	{0.999999999999, 32.0, 1.0, 7.2448360286812433685e-138},
}

// TestTradeoffVectors holds both functions on the safe side of values computed
// elsewhere, and close to them.
func TestTradeoffVectors(t *testing.T) {
	for _, c := range tradeoffs {
		power, err := accounting.PowerForMu(c.p, accounting.Mu(c.mu))
		if err != nil || power < c.power*(1-0x1p-52) || power > math.Nextafter(c.power*(1+1e-11), 1) {
			t.Errorf("PowerForMu(%v, %v) = %v, %v; exact %v", c.p, c.mu, power, err, c.power)
		}
		alarms, err := accounting.AlarmsForMu(c.p, accounting.Mu(c.mu))
		if want := c.alarms; want < 1e-300 {
			if err != nil || alarms > want {
				t.Errorf("AlarmsForMu(%v, %v) = %v, %v; exact %v", c.p, c.mu, alarms, err, want)
			}
		} else if err != nil || alarms > want*(1+0x1p-52) || alarms < want*(1-1e-11) {
			t.Errorf("AlarmsForMu(%v, %v) = %v, %v; exact %v", c.p, c.mu, alarms, err, want)
		}
	}
}

// TestTradeoffIsConsistent holds that the two invert each other, that no test beats
// chance by more than DeltaForMu at 0 says, and that more mu never protects more.
func TestTradeoffIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alarms := math.Pow(10, rapid.Float64Range(-12, -0.05).Draw(t, "log alarms"))
		mu := accounting.Mu(math.Pow(10, rapid.Float64Range(-3, 0.8).Draw(t, "log mu")))
		power, err := accounting.PowerForMu(alarms, mu)
		if err != nil || power < alarms || power > 1 {
			t.Fatal(power, err)
		}
		if power < 1-1e-9 {
			back, err := accounting.AlarmsForMu(power, mu)
			if err != nil || math.Abs(back/alarms-1) > 1e-5 { // where the power is close to 1, its digits are few
				t.Fatal(alarms, power, back, err)
			}
		}
		best, err := accounting.DeltaForMu(0, mu)
		if err != nil || power-alarms > best*(1+1e-10) {
			t.Fatal("better than best", power, alarms, best)
		}
		if more, err := accounting.PowerForMu(alarms, mu*1.01); err != nil || more < power*(1-1e-10) {
			t.Fatal("more mu protects more", more, power)
		}
	})
}

func TestTradeoffRefuses(t *testing.T) {
	for _, f := range []func(float64, accounting.Mu) (float64, error){accounting.PowerForMu, accounting.AlarmsForMu} {
		for _, p := range []float64{0, -1, 1, 1.5, 1e-301, math.NaN(), math.Inf(1)} {
			if _, err := f(p, 1); err != accounting.ErrProbability {
				t.Errorf("probability %v: %v", p, err)
			}
		}
		for _, mu := range []accounting.Mu{0, -1, 33, accounting.Mu(math.NaN()), accounting.Mu(math.Inf(1))} {
			if _, err := f(0.05, mu); err != accounting.ErrMu {
				t.Errorf("mu %v: %v", mu, err)
			}
		}
	}
}
