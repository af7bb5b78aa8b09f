"""What is seen against what is heard: the tables that lead from cues to music, and the few lines that look things up.

A perceiver fills a scene's attributes by them; the planner reads them again where somebody has changed a cue.
"""
