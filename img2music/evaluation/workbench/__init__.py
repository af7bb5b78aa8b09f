"""The prompt workbench: prompts x models x pictures x seeds, each ending in a piece, scored and compared.

    grid_inputs         prompts, models and pictures as a user names them
    prompt_grid         which cells there are, and what makes a cell the same cell
    output_check        whether a folder may hold a grid
    cost_estimate       what a run will ask, cost and send away, before it starts
    runner              makes the cells that are missing
    document_lines      a scene, a plan or a score as short lines, for reading and for comparing
    cell_record         one line a finished cell: what came of it
    cell_scores         the scores of a cell and what they mean
    variant_comparison  scores of a prompt with a model, and which of two is better
    result_tables       the results in text
    grid_page           the page that shows it all, with `charts` and `picture_rows`

A prompt is judged on pieces, not on its wording: every cell is a whole piece, made with the stage that the prompt is for and
everything else as in the offline pipeline. Knows nothing of the terminal.
"""

from img2music.evaluation.workbench.cell_record import CellRecord, CellStore
from img2music.evaluation.workbench.cost_estimate import Estimate, estimate_run
from img2music.evaluation.workbench.grid_inputs import load_grid
from img2music.evaluation.workbench.prompt_grid import Cell, Grid
from img2music.evaluation.workbench.runner import check_usable, run_cells
from img2music.evaluation.workbench.variant_comparison import Difference, Summary, compare_variants, summarize_variants

__all__ = [
    "Cell",
    "CellRecord",
    "CellStore",
    "Difference",
    "Estimate",
    "Grid",
    "Summary",
    "check_usable",
    "compare_variants",
    "estimate_run",
    "load_grid",
    "run_cells",
    "summarize_variants",
]
