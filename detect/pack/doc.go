// Package pack reads git objects, from a packfile as it arrives or from a repository on disk, hands each blob, commit message
// and annotated tag once to a scanner, and works out paths and introducing commits only where something was found.
//
// Start with [Open] for a pack from a stream, then [Pack.Scan]; or with [OpenRepository], then [Repository.Scan].
//
// # Terms
//
//   - entry: an object as a pack stores it, whole or as a delta; named by its number in the order of offsets.
//   - base: the object that a delta is made from. Bases and deltas form trees; the root is stored whole.
//   - materialize: to inflate an entry and apply its deltas.
//   - hit: an object with findings. Sighting: a finding at a commit and path.
//
// # How a pack is scanned
//
//  1. spool.go keeps the bytes as they arrive, in memory and beyond a limit in a temporary file without a name.
//  2. stream.go finds where each entry begins, which takes inflating it, and verifies the pack's checksum at the end. A
//     repository has an index that says so (index.go): nothing is inflated here.
//  3. packfile.go holds the table of entries: offset, kind, base; then the lists of deltas of each base.
//  4. queue.go deals out delta trees to all workers, the heaviest first.
//  5. walk.go materializes each tree depth first. Of an object's deltas the heaviest comes last and takes its place, so that
//     what is held grows with the logarithm of the tree's size.
//  6. scan.go hands blobs, commits and tags to the scanner while they are in the cache. Trees are not materialized, and
//     nothing is hashed. Of a delta's result only what differs from its base is searched.
//  7. kept.go keeps hits within bounds that do not depend on which worker is fastest. Without a hit, that is all.
//  8. history.go takes the commits, reads every tree once (trees.go), and keeps those that lead to a hit (treegraph.go).
//  9. introduced.go compares each commit's tree with its parents': a path is introduced where it differs from all of them.
//  10. sightings.go puts both together: commit, path, author (mailmap.go), refs (refs.go), whether it is at the head.
//  11. In a partial clone, missing.go names what trees and commits mention and the clone lacks.
//
// # Memory
//
// With the defaults of [Options], for one scan:
//
//	entries   22 bytes × objects                  100,000 objects: 2.2 MB; 16 Mi objects, the limit: 370 MB
//	spool     8 MiB, what is beyond is mapped from a file
//	objects   48 MiB for all workers; what is larger goes through temporary files
//	decoder   164 KiB × workers
//	findings  some 500 bytes × 20,000 sightings   10 MB
//	trees     only with a finding: some 40 bytes an entry that is a tree, 64 for each other id; 2 GiB at most
//
// Objects from 64 KiB on, entries and trees are charged to [Options.Budget] as well, which all scans of the process share.
//
// # What is not plain
//
// Each of these was measured against the program without it, by turns, by processor time (/usr/bin/time -f '%U %S' rekey scan
// --history) over clerk/javascript (135,228 blobs, 7.2 GB), medians of four to six, two busy cores of an AMD EPYC (Genoa):
//
//	what                               lines   without it   where
//	deltas applied by AVX2               140        +16 %   delta_amd64.s
//	only what a delta changed is read    180        +12 %   detect/clean.go, walk.go, delta.go; with the AVX2 search
//	search by AVX2                       260        +15 %   detect/literal
//	placements of the search's literals  280       +230 %   detect/*.placement; without vectors +55 %
//	inflating by ourselves             1,000        +80 %   detect/inflate; a prototype with klauspost/compress took so much more
//	buffers outside the Go heap           30          0 %   memory.go; kept for 5 % less memory at the peak
//
// Tried and left out, since it brought less than a tenth: search by AVX-512 (3 %), texts of which only what is searched is
// copied (3 %), Adler-32 by AVX2 (2 %), a radix sort of the index (0 %).
package pack
