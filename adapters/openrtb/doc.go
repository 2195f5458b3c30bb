// Package openrtb writes the segments that one person is in as a bid request of
// OpenRTB 2.6 carries them, user.data with ext.segtax, in the types of
// github.com/prebid/openrtb; and as the publisher provided signals of Google Ad
// Manager.
//
//	data, err := openrtb.Data(provider, taxonomy, now, memberships) // one provider and taxonomy
//	request.User = openrtb.User(request.User, data)                 // beside what is there
//	ppsj, err := openrtb.PPS(data)                                  // the same for Ad Manager
//
// The memberships come from the engine's membership export, and from nowhere else:
// it asks for the consent to share, holds back segments of too few people, and
// records who was told what on which day, so that the person can see it and
// have it erased. What comes from a ranking, an explanation or a profile was
// agreed to for something else.
//
// What is kept: a membership that is over is left out; so is a segment without an
// id in the taxonomy; a segment's own name is never written, nor anything of the
// person, so that a request without an identifier stays without one. Errors are
// fixed texts.
//
// Not protected: a bid request goes to many, and they see beside these ids what
// else is in it. Few ids are enough to tell a person from others again; send to
// whom the person agreed to, and no more ids than are needed.
package openrtb
