package pgstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/sealed"
	"github.com/discreet-go/discreet/segment"
	"github.com/jackc/pgx/v5"
)

const (
	placeConsent  = "consent"
	profilePrefix = "profiles/" // then the purpose
)

// place is where a row stands.
type place struct {
	table string
	id    [ident.IDSize]byte
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.table, q.table), bytes.Compare(p.id[:], q.id[:]))
}

func consentPlace(who ident.Subject) (place, error) {
	if who.IsZero() {
		return place{}, ErrKey
	}
	return place{placeConsent, who.ID().Bytes()}, nil
}

func consentPlaces(subjects []ident.Subject) ([]place, error) {
	all := make([]place, len(subjects))
	for i, who := range subjects {
		p, err := consentPlace(who)
		if err != nil {
			return nil, err
		}
		all[i] = p
	}
	return all, nil
}

func profilePlaces(keys []segment.Key) ([]place, error) {
	all := make([]place, len(keys))
	for i, k := range keys {
		if k.ID.IsZero() || !contrib.ValidName(k.Purpose) {
			return nil, ErrKey
		}
		all[i] = place{profilePrefix + k.Purpose, k.ID.Bytes()}
	}
	return all, nil
}

// arrays returns the places in order, as two columns.
func arrays(at []place) (tables []string, ids [][]byte) {
	for i := range at {
		tables, ids = append(tables, at[i].table), append(ids, at[i].id[:])
	}
	return tables, ids
}

// stored is a row as it was read.
type stored struct {
	nonce []byte // nil: no row
	row   []byte
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// get returns the rows at the places, over one snapshot.
func (s *Store) get(ctx context.Context, q querier, b *bound, at []place) ([]stored, error) {
	tables, ids := arrays(at)
	rows, err := q.Query(ctx, s.sql(`
		SELECT k.n, r.value FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS k (place, id, n)
		JOIN {schema}.subject_row r ON r.place = k.place AND r.id = k.id`), tables, ids)
	if err != nil {
		return nil, clean(ctx, err)
	}
	defer rows.Close()
	out := make([]stored, len(at))
	for rows.Next() {
		var n int64
		var value []byte
		if err := rows.Scan(&n, &value); err != nil {
			return nil, clean(ctx, err)
		}
		if len(value) < sealed.HeadSize {
			return nil, ErrDamaged
		}
		p, r := &at[n-1], &out[n-1]
		r.nonce = bytes.Clone(value[:sealed.HeadSize])
		row, ok := b.box.Open([]byte(p.table), p.id[:], value)
		if !ok {
			return nil, ErrDamaged
		}
		if r.row = row; row == nil {
			r.row = []byte{}
		}
	}
	return out, clean(ctx, rows.Err())
}

// errStale: a row is no longer what it was when it was read.
var errStale = errors.New("pgstore: a row changed meanwhile")

const maxTries = 6 // before an update runs alone

// change replaces the rows at the places by what f makes of them and deletes
// those at drop, in one durable step.
func (s *Store) change(ctx context.Context, at []place, f func(i int, row []byte) ([]byte, error), drop []place) error {
	for try := 0; ; try++ {
		var err error
		if try < maxTries {
			err = s.attempt(ctx, at, f, drop)
		} else {
			err = s.alone(ctx, at, f, drop)
		}
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// edit is a row to be replaced.
type edit struct {
	place
	nonce []byte // as it was read; nil for no row
	value []byte // sealed; nil deletes
	write bool
}

// edits calls f with every row.
func edits(b *bound, at []place, rows []stored, f func(i int, row []byte) ([]byte, error)) ([]edit, error) {
	all := make([]edit, len(at))
	for i, p := range at {
		e := edit{place: p, nonce: rows[i].nonce}
		old := bytes.Clone(rows[i].row)
		next, err := f(i, rows[i].row)
		switch {
		case err != nil:
			return nil, err
		case next == nil:
			e.write = e.nonce != nil
		case e.nonce == nil || !bytes.Equal(next, old):
			e.write, e.value = true, b.box.Seal([]byte(p.table), p.id[:], next)
		}
		all[i] = e
	}
	slices.SortFunc(all, func(x, y edit) int { return x.compare(y.place) })
	return all, nil
}

// attempt reads and calls f without holding a lock, and writes if nothing
// changed meanwhile, else returns errStale.
func (s *Store) attempt(ctx context.Context, at []place, f func(i int, row []byte) ([]byte, error), drop []place) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	rows, err := s.get(ctx, s.pool, b, at)
	if err != nil {
		return err
	}
	all, err := edits(b, at, rows, f)
	if err != nil {
		return err
	}
	if len(drop) == 0 && !slices.ContainsFunc(all, func(e edit) bool { return e.write }) {
		return nil // what was read is a state that was
	}
	return s.transact(ctx, "SELECT pg_advisory_xact_lock_shared($1)", func(tx pgx.Tx) error {
		return s.write(ctx, tx, all, drop)
	})
}

// alone reads, calls f and writes while no other update writes.
func (s *Store) alone(ctx context.Context, at []place, f func(i int, row []byte) ([]byte, error), drop []place) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	return s.transact(ctx, "SELECT pg_advisory_xact_lock($1)", func(tx pgx.Tx) error {
		rows, err := s.get(ctx, tx, b, at)
		if err != nil {
			return err
		}
		all, err := edits(b, at, rows, f)
		if err != nil {
			return err
		}
		return s.write(ctx, tx, all, drop)
	})
}

// transact runs f in a transaction, after taking the gate.
func (s *Store) transact(ctx context.Context, gate string, f func(tx pgx.Tx) error) error {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return clean(ctx, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, gate, s.gate); err != nil {
		return clean(ctx, err)
	}
	if err := f(tx); err != nil {
		return err
	}
	return clean(ctx, tx.Commit(ctx))
}

// write locks the rows in order, compares them with what was read, and changes
// them. Existing rows are locked before missing ones are made, both in order,
// so that two updates never wait for each other.
func (s *Store) write(ctx context.Context, tx pgx.Tx, all []edit, drop []place) error {
	at := slices.Clone(drop)
	for _, e := range all {
		at = append(at, e.place)
	}
	nonces, err := s.lock(ctx, tx, at)
	if err != nil {
		return err
	}
	var made, changed, gone []place
	var madeValues, changedValues [][]byte
	for _, e := range all {
		if !bytes.Equal(nonces[e.place], e.nonce) {
			return errStale
		}
		switch {
		case !e.write:
		case e.value == nil:
			gone = append(gone, e.place)
		case e.nonce == nil:
			made, madeValues = append(made, e.place), append(madeValues, e.value)
		default:
			changed, changedValues = append(changed, e.place), append(changedValues, e.value)
		}
	}
	gone = append(gone, drop...)
	for _, step := range []struct {
		at     []place
		values [][]byte
		sql    string
	}{
		{made, madeValues, `INSERT INTO {schema}.subject_row (place, id, value)
			SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[]) ON CONFLICT DO NOTHING`},
		{changed, changedValues, `UPDATE {schema}.subject_row r SET value = k.value
			FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS k (place, id, value) WHERE r.place = k.place AND r.id = k.id`},
		{gone, nil, `DELETE FROM {schema}.subject_row r
			USING unnest($1::text[], $2::bytea[]) AS k (place, id) WHERE r.place = k.place AND r.id = k.id`},
	} {
		if len(step.at) == 0 {
			continue
		}
		tables, ids := arrays(step.at)
		args := []any{tables, ids}
		if step.values != nil {
			args = append(args, step.values)
		}
		tag, err := tx.Exec(ctx, s.sql(step.sql), args...)
		switch {
		case err != nil:
			return retry(ctx, err)
		case step.values != nil && tag.RowsAffected() != int64(len(step.at)):
			return errStale // somebody made one meanwhile
		}
	}
	return nil
}

// lock locks those of the places that have a row, and returns what they hold.
func (s *Store) lock(ctx context.Context, tx pgx.Tx, at []place) (map[place][]byte, error) {
	tables, ids := arrays(at)
	rows, err := tx.Query(ctx, s.sql(`
		SELECT r.place, r.id, substring(r.value FROM 1 FOR 25) FROM {schema}.subject_row r
		JOIN unnest($1::text[], $2::bytea[]) AS k (place, id) ON r.place = k.place AND r.id = k.id
		ORDER BY r.place, r.id FOR UPDATE OF r`), tables, ids)
	if err != nil {
		return nil, retry(ctx, err)
	}
	defer rows.Close()
	found := map[place][]byte{}
	for rows.Next() {
		var p place
		var id, nonce []byte
		if err := rows.Scan(&p.table, &id, &nonce); err != nil {
			return nil, clean(ctx, err)
		}
		if copy(p.id[:], id) != len(id) || len(id) != len(p.id) {
			return nil, ErrDamaged
		}
		found[p] = bytes.Clone(nonce)
	}
	return found, retry(ctx, rows.Err())
}

// retry turns what the server rolled back for others' sake into errStale.
func retry(ctx context.Context, err error) error {
	if code := state(err); code == serialize || code == deadlocked {
		return errStale
	}
	return clean(ctx, err)
}

// sweep calls step with the pseudonyms of a table, in batches.
func (s *Store) sweep(ctx context.Context, table string, step func(ids []ident.ID) error) error {
	const batch = 256
	after := []byte{}
	for {
		if _, err := s.ready(ctx); err != nil {
			return err
		}
		rows, err := s.pool.Query(ctx, s.sql("SELECT id FROM {schema}.subject_row WHERE place = $1 AND id > $2 ORDER BY id LIMIT $3"), table, after, batch)
		if err != nil {
			return clean(ctx, err)
		}
		var ids []ident.ID
		for rows.Next() {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				rows.Close()
				return clean(ctx, err)
			}
			id, err := ident.IDFromBytes(raw)
			if err != nil {
				rows.Close()
				return ErrDamaged
			}
			ids = append(ids, id)
		}
		if err := clean(ctx, rows.Err()); err != nil || len(ids) == 0 {
			return err
		}
		if err := step(ids); err != nil {
			return err
		}
		last := ids[len(ids)-1].Bytes()
		after = last[:]
	}
}
