"""From what is seen to what is heard: tables to read and edit, each with its source, and the few lines that look things up.

Words, used one way: a *cue* is what the eye saw; a *rule* is a line of a table that says what a cue speaks for; a *term* is what one cue adds
to one choice; the terms of what was chosen are *cited* as its reasons. A *player* is the instrument that takes a *seat* of a style. What
documents call a genre is the style that a picture suggests. A perceiver fills a scene's
attributes by these tables; the planner reads them again where somebody has changed a cue. Knows nothing of pixels and of notes.
"""
