package phonenumbers

import "github.com/nyaruka/phonenumbers"

// Regions lists the regions of the tables.
func Regions() (list []string) {
	for region := range phonenumbers.GetSupportedRegions() {
		list = append(list, region)
	}
	return list
}

// Samples returns example numbers of a region: fixed line and mobile.
func Samples(region string) (list []string) {
	for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE} {
		if n := phonenumbers.GetExampleNumberForType(region, kind); n != nil {
			list = append(list, phonenumbers.Format(n, phonenumbers.E164))
		}
	}
	return list
}
