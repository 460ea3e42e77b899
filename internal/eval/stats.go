package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Interval is a two-sided 95 % interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Rate is a proportion with its Wilson interval; of none it says nothing.
type Rate struct {
	Count    int       `json:"count"`
	Of       int       `json:"of"`
	Value    *float64  `json:"value"`
	Interval *Interval `json:"interval,omitempty"`
}

func rate(count, of int) Rate {
	r := Rate{Count: count, Of: of}
	if of > 0 {
		value, interval := float64(count)/float64(of), wilson(count, of)
		r.Value, r.Interval = &value, &interval
	}
	return r
}

// Measure is a figure with its bootstrap interval; nil where it is not defined, such as the balanced accuracy of one class.
type Measure struct {
	Value    *float64  `json:"value"`
	Interval *Interval `json:"interval,omitempty"`
}

// normal95 is the 0.975 quantile of the normal distribution.
const normal95 = 1.959963984540054

// wilson is the score interval without continuity correction (Wilson 1927; method 3 in Newcombe 1998).
func wilson(count, of int) Interval {
	n, p := float64(of), float64(count)/float64(of)
	z2 := normal95 * normal95
	centre, half := p+z2/(2*n), normal95*math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return Interval{Low: max(0, (centre-half)/(1+z2/n)), High: min(1, (centre+half)/(1+z2/n))}
}

// table is a two by two table: positive is malicious.
type table struct{ tp, fn, fp, tn float64 }

// balancedAccuracy is the mean of sensitivity and specificity; not defined without both classes.
func (t table) balancedAccuracy() (float64, bool) {
	if t.tp+t.fn == 0 || t.tn+t.fp == 0 {
		return 0, false
	}
	return (t.tp/(t.tp+t.fn) + t.tn/(t.tn+t.fp)) / 2, true
}

// mcc is Matthews' correlation coefficient; 0 where a margin is empty, as is customary.
func (t table) mcc() (float64, bool) {
	if t.tp+t.fn == 0 || t.tn+t.fp == 0 {
		return 0, false
	}
	under := math.Sqrt((t.tp + t.fp) * (t.tp + t.fn) * (t.tn + t.fp) * (t.tn + t.fn))
	if under == 0 {
		return 0, true
	}
	return (t.tp*t.tn - t.fp*t.fn) / under, true
}

// mcnemar is the exact two-sided P value of McNemar's test: how likely the two counts of discordant pairs, or any further
// apart, are when both ways are as likely.
func mcnemar(b, c int) float64 {
	n, k := b+c, min(b, c)
	if n == 0 {
		return 1
	}
	sum := 0.0
	for i := range k + 1 {
		sum += math.Exp(logChoose(n, i) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n) + 1)
	b, _ := math.Lgamma(float64(k) + 1)
	c, _ := math.Lgamma(float64(n-k) + 1)
	return a - b - c
}

// judged is a decided case for calibration: how sure the verdict was, and whether it was right.
type judged struct {
	confidence float64
	right      bool
}

// brier is the mean squared distance of the confidence from what came true (Brier 1950, for the event "the verdict is right").
func brier(list []judged) (float64, bool) {
	if len(list) == 0 {
		return 0, false
	}
	sum := 0.0
	for _, j := range list {
		sum += math.Pow(j.confidence-one(j.right), 2)
	}
	return sum / float64(len(list)), true
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Bin is a bin of confidences: from Low (left out) to High (included; the first bin includes 0).
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Count      int     `json:"count"`
	Confidence float64 `json:"confidence"` // its mean
	Accuracy   float64 `json:"accuracy"`
}

// calibrationBins is how many bins the calibration error is taken over, by default of the literature.
const calibrationBins = 10

// ece is the expected calibration error over bins of equal width (Naeini et al. 2015, Guo et al. 2017): the distance of
// accuracy and mean confidence, weighted by how many are in the bin. Empty bins are left out.
func ece(list []judged, count int) (float64, []Bin) {
	bins := make([]Bin, count)
	for i := range bins {
		bins[i].Low, bins[i].High = float64(i)/float64(count), float64(i+1)/float64(count)
	}
	for _, j := range list {
		i := min(max(int(math.Ceil(j.confidence*float64(count)-1e-9))-1, 0), count-1)
		bins[i].Count++
		bins[i].Confidence += j.confidence
		bins[i].Accuracy += one(j.right)
	}
	sum := 0.0
	bins = slices.DeleteFunc(bins, func(b Bin) bool { return b.Count == 0 })
	for i := range bins {
		b := &bins[i]
		b.Confidence /= float64(b.Count)
		b.Accuracy /= float64(b.Count)
		sum += math.Abs(b.Accuracy-b.Confidence) * float64(b.Count)
	}
	return sum / float64(max(len(list), 1)), bins
}

// Point is a point of the risk-coverage curve: the share of all cases that are decided when only verdicts at least so
// confident are taken, and the share of those that is wrong.
type Point struct {
	Confidence float64 `json:"confidence"`
	Coverage   float64 `json:"coverage"`
	Risk       float64 `json:"risk"`
}

// riskCoverage is the curve over the decided cases of all, the surest first, one point per confidence, and the area under
// it: the mean over the decided of the risk of all that are as sure (Geifman and El-Yaniv 2017). What was abstained from
// is not on the curve. Cases that are equally sure count as in any order.
func riskCoverage(list []judged, all int) ([]Point, float64) {
	list = slices.Clone(list)
	sort.SliceStable(list, func(i, j int) bool { return list[i].confidence > list[j].confidence })
	points := []Point{}
	area, before, wrong := 0.0, 0, 0.0
	for before < len(list) {
		end, wrongHere := before, 0.0
		for end < len(list) && list[end].confidence == list[before].confidence {
			wrongHere += 1 - one(list[end].right)
			end++
		}
		size := float64(end - before)
		for k := 1.0; k <= size; k++ {
			area += (wrong + wrongHere*k/size) / (float64(before) + k)
		}
		wrong += wrongHere
		points = append(points, Point{Confidence: list[before].confidence, Coverage: float64(end) / float64(all), Risk: wrong / float64(end)})
		before = end
	}
	return points, area / float64(max(len(list), 1))
}

// bootstrapRounds is enough for a 95 % interval by percentiles.
const bootstrapRounds = 2000

// bootstrap is the percentile interval of a figure over resamples of whole groups, since alerts of one host are alike.
// figure gets the indices of the groups that were drawn. Rounds in which it is not defined are left out; nil when there
// is only one group, or when most rounds are not defined.
func bootstrap(groups int, seed uint64, figure func(drawn []int) (float64, bool)) *Interval {
	if groups < 2 {
		return nil
	}
	random := rand.New(rand.NewPCG(seed, 0x7069636b6574)) //nolint:gosec // a resample that can be repeated is the point
	drawn := make([]int, groups)
	var values []float64
	for range bootstrapRounds {
		for i := range drawn {
			drawn[i] = random.IntN(groups)
		}
		if v, ok := figure(drawn); ok {
			values = append(values, v)
		}
	}
	if len(values) < bootstrapRounds/2 {
		return nil
	}
	sort.Float64s(values)
	return &Interval{Low: quantile(values, 0.025), High: quantile(values, 0.975)}
}

// quantile reads a sorted list with linear interpolation (type 7 of Hyndman and Fan 1996).
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
