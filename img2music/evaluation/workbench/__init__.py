"""The prompt workbench: prompts x models x pictures x seeds, each ending in a piece, scored and compared.

    grid        which cells there are, and what makes a cell the same cell
    inputs      prompts, models and pictures as a user names them
    ratings     what people felt in the pictures, where somebody asked them
    folder      whether a folder may hold a grid
    records     one line a finished cell: what came of it
    estimate    what a run will ask, cost and send away, before it starts
    running     makes the cells that are missing
    traits      what tells one plan from another
    plantext    a plan as short lines, for reading and for comparing
    scoring     the scores of a cell and their cards
    comparing   means, and which of two prompts is better, with an interval
    page        the page that shows it all

A prompt is judged on pieces, not on its wording: every cell is a whole piece, made with the stage that the prompt is for and
everything else as in the offline pipeline. Knows nothing of the terminal.
"""

from img2music.evaluation.comparison import Difference, Summary, compare_variants, summarize_variants
from img2music.evaluation.records import CellRecord, RecordStore
from img2music.evaluation.workbench.cost_estimate import Estimate, estimate_run
from img2music.evaluation.workbench.grid_inputs import load_grid
from img2music.evaluation.workbench.prompt_grid import Cell, Grid
from img2music.evaluation.workbench.runner import check_usable, run_cells

__all__ = [
    "Cell",
    "CellRecord",
    "Difference",
    "Estimate",
    "Grid",
    "RecordStore",
    "Summary",
    "check_usable",
    "compare_variants",
    "estimate_run",
    "load_grid",
    "run_cells",
    "summarize_variants",
]
