// How wide the blocks of points are into which a problem is cut.
#pragma once

#include "api.h"

namespace gs {

// NOTE [tiles are blocks]
// Neighbouring points read neighbouring samples, along rows and across them. A long run of points of a map that is not level crosses many
// rows of the input, more than the first-level cache holds lines of and the processor addresses of pages, and the next run fetches
// them all again; a block of the same number of points touches half as many and uses each several times. For a level map, long rows of
// coordinates and outputs train the hardware prefetcher instead. So planes have square blocks where a point's row of samples changes by
// more than a quarter of one from column to column, and volumes, whose points cross planes too, always. Few planes of float32 are read in so little
// time that long rows are worth more, unless the planes are large. But if rows of samples
// are whole pages apart, all of them compete for the same lines of the first-level cache, and fewer rows are better than fewer lines.
// Where gathers are fast, which is on Intel's processors, blocks in between were best for everything.
// Derivatives read and write more arrays of points than samples, and long pieces of those are worth more to them: whole rows of a tile, where few rows of
// samples are read for one of points. Only in volumes that are turned do long blocks reach so far across the planes that threads would
// wait for each other.
constexpr int kBlockColumns = 32, kSquareColumns = 16, kLongColumns = 64, kDerivativeColumns = 128;

int block_columns(const Problem& problem);
int derivative_columns(const Problem& problem);

// Whether a plane is read in an order that is far from its own, and its rows do not compete for lines.
bool is_turned_plane(const Problem& problem);

// Whether most points are in the same row of samples as their neighbours in theirs.
bool is_level_plane(const Problem& problem);

// Whether an image is read without tiles of taps, if there is code for that: few channels, or more at points that lie apart.
bool needs_no_tiles(const Problem& problem);

// Whether most points have their samples in other lines than the neighbour before them, in planes of float32 whose samples lie side by side; of
// volumes, by the last two axes.
bool neighbours_are_apart(const Problem& problem);

// In volumes that are turned, tiles follow each other across so many planes of points, since neighbours there read the same samples; in
// level ones that would end the long rows of coordinates and outputs. And neighbours in a row are in different rows of samples, so
// more points must ask for theirs ahead.
constexpr int kPlanesTogether = 16, kTurnedAskedEvery = 2;
bool is_turned_volume(const Problem& problem);

// Tiles that follow each other across the planes there move on by a plane of the input, nearly: of the planes that the next one reads, all but the
// farthest have been read. That one, of the planes of a point's taps; or kAllPlanes.
int asked_plane(const Problem& problem);

}  // namespace gs
