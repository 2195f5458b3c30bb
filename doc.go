// Package discreet personalizes for people without exposing them.
//
// It turns events from people who agreed into keyed pseudonyms and interest
// segments, and lets a service rank content for one person from that person's
// own segments. Two doors lead out: differentially private aggregates, for
// anybody; and a person's own data, for that person, or for a recipient that the
// person agreed to by name.
//
// # Which function to use
//
// [Open] an [Engine] once. [Engine.Needs] says what is still to be asked of a
// person, [Engine.Served] records that it was, [Engine.Choose] takes the answer,
// [Engine.Import] answers of before; [Engine.Decide] decides for a request,
// [Engine.Record] and
// [Engine.RecordBatch] take events, [Engine.Rank] orders items for one person,
// [Engine.Release] publishes a declared measure, and [Engine.Explain],
// [Engine.Export], [Engine.Receipt], [Engine.Withdraw], [Engine.Object],
// [Engine.EraseInterest], [Engine.NotInterested], [Engine.Leave] and [Engine.Erase]
// answer the person. [Engine.Suspend] stops
// every use of a purpose; [Engine.Processing] writes the record of processing.
// [Engine.ExportMemberships] tells a third party who is in a segment, where people
// agreed to that. [Engine.RecordAttribute], [Engine.RecordExposure] and
// [Engine.RecordOutcome] record for audits of fairness, which package fairness makes of
// releases; [Engine.SignEvidence] signs what they come to.
//
// # Guarantee
//
// Two data sets are neighbours when one has one person record more: all that
// one identifier ever did, agreed to, refused, withdrew or erased, under every
// purpose. For neighbours D and D', and everything R released in one
// accounting window, taken together and chosen adaptively,
//
//	P[R(D) in S] <= exp(epsilon) P[R(D') in S] + delta   for every set S,
//
// with the epsilon and delta of Config.Budget, given the releases of earlier
// windows. Over k windows the loss is at most mu*sqrt(k) in Gaussian-DP terms.
// A person known under j identifiers has at most j*mu. The windows count days
// of release, not of events. The guarantee is computational: noise comes from a
// cryptographic generator. Proofs stand in docs/proofs.
//
// # Not protected
//
// Code with access to raw events or keys; what a person's own pages, rankings
// and exports show to whoever sees them; timing seen on the same machine;
// choosing epsilon by looking at raw results.
//
// # Not there yet
//
// Rolling windows, declared plans, quotas, zCDP and PLD accounts of an engine. Formats
// other than the pseudonym may still change; what was written in an earlier version of
// one stays readable.
package discreet
