package segment

import (
	"slices"
	"strings"
)

// Tree is a published taxonomy whose sensitive ids we know. Its editions share
// their ids. The zero Tree is a tree of the reader's own.
type Tree string

// The published trees. The flag SCD of the editions 2.1 and 2.2 of the IAB's
// content taxonomy is right and counts. Editions 3.0 and 3.1 carry it on wrong
// rows: there [Special] decides, rows that we know to be flagged by mistake stay
// as they are, and a flag on any other row counts.
const (
	TreeContent1  Tree = "iab-content-1" // IAB Content 1.0
	TreeContent2  Tree = "iab-content-2" // IAB Content 2.0, 2.1 and 2.2
	TreeContent3  Tree = "iab-content-3" // IAB Content 3.0 and 3.1, and the descriptive vectors
	TreeAudience  Tree = "iab-audience"  // IAB Audience 1.0 and 1.1
	TreeAdProduct Tree = "iab-product"   // IAB Ad Product 1.0, 1.1 and 2.0: no list of ids; [SuggestMarks] marks
	TreeTopics    Tree = "topics"        // Topics 1 and 2
)

func (t Tree) known() bool {
	switch t {
	case "", TreeContent1, TreeContent2, TreeContent3, TreeAudience, TreeAdProduct, TreeTopics:
		return true
	}
	return false
}

// Reason is why a category is sensitive, in one word.
type Reason string

// The reasons.
const (
	ReasonHealth    Reason = "health"    // the state of body and mind, disability, pregnancy, genes
	ReasonSex       Reason = "sex"       // sex life, orientation, gender, whom somebody lives with
	ReasonBelief    Reason = "belief"    // religion and philosophy
	ReasonPolitics  Reason = "politics"  // opinions, elections, activism, wars
	ReasonUnion     Reason = "union"     // membership in a trade union, labour disputes
	ReasonOrigin    Reason = "origin"    // race, ethnic origin, mother tongue, descent
	ReasonChildren  Reason = "children"  // what children themselves are interested in, or tells of a child in care
	ReasonCrime     Reason = "crime"     // offences, violence, weapons, victims
	ReasonHardship  Reason = "hardship"  // debt, poverty, unemployment, grief
	ReasonAddiction Reason = "addiction" // alcohol, tobacco, drugs, gambling
	ReasonListed    Reason = "listed"    // listed as special by who publishes the tree, without a reason that we see
)

// Suggestion is a category that is, or may be, sensitive.
type Suggestion struct {
	ID     string
	Reason Reason
}

// Special returns the ids that readers mark sensitive in every edition of the
// tree, each with everything below it: our own choice, after the published flags
// that are right, and no legal advice. An id may be missing in an edition. It
// returns nil for a tree without a list. [Taxonomy.Mark] marks more; nothing
// marks less.
func Special(tree Tree) []Suggestion {
	var list []Suggestion
	for _, s := range special(tree) {
		for id := range strings.FieldsSeq(s.ids) {
			list = append(list, Suggestion{id, s.reason})
		}
	}
	return list
}

// reasoned is a list of ids, between spaces, that one reason holds for.
type reasoned struct {
	reason Reason
	ids    string
}

func special(tree Tree) []reasoned {
	switch tree {
	case TreeContent1:
		return specialContent1
	case TreeContent2, TreeContent3:
		return specialContent
	case TreeAudience:
		return specialAudience
	case TreeTopics:
		return specialTopics
	}
	return nil
}

// mark marks the lines that the tree is known to hold, and with byName those
// whose names tell.
func (t Tree) mark(lines []line, byName bool) {
	ids := map[string]bool{}
	for _, s := range Special(t) {
		ids[s.ID] = true
	}
	words := newTeller()
	for i := range lines {
		l := &lines[i]
		l.marked = l.marked || ids[l.id] || byName && words.reason(l.name) != ""
	}
}

// misplaced reports whether the flag stands on a row by mistake.
func (t Tree) misplaced(id, flag string) bool {
	return t == TreeContent3 && strings.EqualFold(strings.TrimSpace(flag), "SCD") && slices.Contains(strings.Fields(misplacedContent3), id)
}

// misplacedContent3 are the ids that editions 3.0 and 3.1 flag though the
// category is harmless and edition 2.2, with the same ids, does not: the flags
// have slipped by some rows.
const misplacedContent3 = "135 186 197 198 209 212 277 383 406 429 431 443 444 451 452 518 KHPC6A WQC6HR"

// specialContent covers editions 2.0 to 3.1: every id that 2.2 flags, the
// branches that they lie in, and what is as telling and was left out.
var specialContent = []reasoned{
	{ReasonHealth, "286 287 288 289 290 291 292 293 294 295 296 297 298 299 300 301 302 303 304 305 306 307 308 309 310 311 312 " +
		"313 314 315 316 317 318 319 320 321 322 323 136 166 169 190 199 219 224 228 230 231 233 236 237 238 399 468 494"},
	{ReasonSex, "188 189 191 200 MQ2XML"},
	{ReasonBelief, "453 454 455 456 457 458 459 460 461 462 463 175 354 361"},
	{ReasonPolitics, "386 387 388 389 174 8YPBBL"},
	{ReasonOrigin, "214 273 1030 1219"},
	{ReasonChildren, "45 193 334 344 645"},
	{ReasonCrime, "380"},
	{ReasonHardship, "65 171 187 393 405"},
	{ReasonAddiction, "181 211 260 480 524 ZJG29S"},
	{ReasonListed, "v9i3On MRkz4Q 410 465 549"},
}

// specialContent1 covers edition 1.0, which flags nothing.
var specialContent1 = []reasoned{
	{ReasonHealth, "IAB7 IAB5-14 IAB6-7 IAB6-8 IAB6-9 IAB8-10 IAB14-5"},
	{ReasonSex, "IAB14-1 IAB14-2 IAB14-3 IAB14-4"},
	{ReasonBelief, "IAB23 IAB15-1"},
	{ReasonPolitics, "IAB11 IAB11-4 IAB11-5"},
	{ReasonOrigin, "IAB5-7 IAB8-3 IAB8-4 IAB8-7 IAB8-11 IAB8-13 IAB8-14 IAB8-15 IAB9-14 IAB11-1 IAB14-8"},
	{ReasonChildren, "IAB6-1 IAB14-6"},
	{ReasonHardship, "IAB4-3 IAB13-2"},
	{ReasonAddiction, "IAB8-5 IAB8-18 IAB9-9"},
	{ReasonListed, "IAB13-1 IAB13-5 IAB13-7 IAB13-8 IAB13-9 IAB13-11 IAB15-2 IAB17-4 IAB25 IAB26"},
}

// specialAudience covers editions 1.0 and 1.1, which flag nothing: 1.1 left out
// what 1.0 had of the most telling rows, and kept others.
var specialAudience = []reasoned{
	{ReasonHealth, "210 215 374 381 384 396 402 403 405 407 411 413 414 416 419 420 421 357 466 550 552 627 762 765 894 925 " +
		"1200 1352 1393 1448 1450 1457 1463 1464 1468 1498 1501 1521 1555 1556"},
	{ReasonSex, "51 52 159 349 358"},
	{ReasonBelief, "496 503 595 1344 1474 1545"},
	{ReasonPolitics, "198 235 242 529 530 531 532 1540 1543"},
	{ReasonUnion, "1541"},
	{ReasonOrigin, "59 156 380 449 1095 1381 1426"},
	{ReasonChildren, "261 351 474 488 708"},
	{ReasonCrime, "523 1495"},
	{ReasonHardship, "37 46 47 61 62 63 165 166 177 178 179 192 193 194 281 537 906 1387 1395 1398 1502"},
	{ReasonAddiction, "369 436 654"},
	{ReasonListed, "538 616 1509"},
}

// specialTopics covers both editions, from which sensitive topics were left out
// in advance.
var specialTopics = []reasoned{
	{ReasonHealth, "160 282 384"},
	{ReasonSex, "251 257"},
	{ReasonPolitics, "247"},
	{ReasonUnion, "560"},
	{ReasonOrigin, "175 256"},
	{ReasonChildren, "50 101 259"},
	{ReasonCrime, "240"},
	{ReasonHardship, "155 170 171 449"},
	{ReasonListed, "98 281"},
}
