"""Why the piece sounds as it does: `explain_text` for a terminal, `report_html` for a browser.

Both only quote what the scene, the plan and the manifest say; nothing here decides or measures anything.
"""

from img2music.explain.page import report_html
from img2music.explain.sentences import explain_text

__all__ = ["explain_text", "report_html"]
