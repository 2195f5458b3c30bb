package accounting_test

import (
	"encoding/json"
	"testing"
)

// families says of every family of reference values which test holds it, or why
// none does.
var families = map[string]string{
	"analytic_gaussian_sigma":          "TestVectorsAnalyticGaussianSigma",
	"bundle_sigma":                     "TestVectorsBundleSigma",
	"correlated_discrete_gaussian_eps": "TestVectorsCorrelated",
	"discrete_gaussian_distribution":   "dp/noise.TestVectorsDiscreteDistributions",
	"discrete_laplace_distribution":    "dp/noise.TestVectorsDiscreteDistributions",
	"discrete_laplace_threshold":       "TestVectorsDiscreteLaplaceThreshold",
	"eps_to_zcdp_rho":                  "TestVectorsZCDP",
	"exponential_mechanism_zcdp":       "TestVectorsZCDP",
	"gaussian_sparse_histogram_delta":  "TestVectorsSparseHistogram",
	"gaussian_threshold":               "TestVectorsGaussianThreshold",
	"gdp_delta":                        "TestVectorsGDPDelta",
	"hetero_gaussians_eps":             "TestVectorsGaussianComposition",
	"k_discrete_gaussians_eps":         "TestVectorsLattices",
	"k_discrete_laplaces_eps":          "TestVectorsLattices",
	"k_gaussians_eps":                  "TestVectorsGaussianComposition",
	"k_laplaces_eps":                   "TestVectorsLaplaceComposition",
	"k_pure_dp_optimal_composition":    "TestVectorsLattices",
	"kov_inverse":                      "TestVectorsInverse",
	"laplace_threshold":                "TestVectorsLaplaceThreshold",
	"mixture_delta":                    "TestVectorsMixtures",
	"mixture_eps":                      "TestVectorsMixtures",
	"partition_selection_approx_gdp":   "TestVectorsGDPSelection",
	"partition_selection_optimal":      "TestVectorsOptimalSelection",
	"pld_gaussian_eps":                 "TestVectorsLaplaceComposition",
	"weighted_gaussian_threshold":      "TestVectorsWeightedGaussianThreshold",
	"zcdp_to_eps":                      "TestVectorsZCDP",

	"binary_tree_counting":                "of sums over time, which are not here yet",
	"correlated_gaussian_shared_fresh":    "of sums over time, which are not here yet",
	"optimal_matrix_factorization_prefix": "of sums over time, which are not here yet",
	"pattern_aware_factorization":         "of sums over time, which are not here yet",
	"sqrt_matrix_factorization":           "of sums over time, which are not here yet",
	"residual_planner":                    "of marginals, which are not here yet",
	"tree_least_squares":                  "of hierarchies, which are not here yet",
	"ldp_variance_per_user":               "of the local model, which is not ours",
	"shuffle_amplification_fmt21":         "of the shuffle model, which is not ours",
	"poisson_subsampled_gaussian_eps":     "of secret samples, which nothing here takes",
	"rdp_discrete_laplace":                "of Renyi DP at one order: losses are composed as distributions",
	"rdp_laplace":                         "of Renyi DP at one order: losses are composed as distributions",
}

// TestVectorsFamilies fails on a family that nobody has looked at.
func TestVectorsFamilies(t *testing.T) {
	for _, raw := range rawEntries(t) {
		var e struct{ Family string }
		if err := json.Unmarshal(raw, &e); err != nil || families[e.Family] == "" {
			t.Errorf("family %q: no test, and no reason why not (%v)", e.Family, err)
		}
	}
}
