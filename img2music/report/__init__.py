"""Why the piece sounds as it does: `explain_text` for a terminal, `report_html` for a browser.

Both only quote what the scene, the plan and the manifest say; nothing here decides or measures anything.
"""

from img2music.report.explanation import explain_text
from img2music.report.page.report_page import report_html

__all__ = ["explain_text", "report_html"]
