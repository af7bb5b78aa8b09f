"""What each style looks like to us: tables to read and edit, one line a style, a metre or an instrument.

No study says which genre a picture sounds like. Every line is our choice, made so that pictures that look different lead to
music that sounds different; confidence says so. A line's signs are cues with weights: a positive weight means the more (than
an ordinary photograph) the better, a negative one the less the better; see `cue_evidence`. `genre_rules` looks things up.
"""

from __future__ import annotations

__all__ = ["GENRES", "GENRE_METERS", "METERS", "PLAYERS", "READY", "TIMBRES", "Signs"]

Signs = dict[str, float]

# Style: home on the plane of valence and arousal, signs. Which cues, and whether more or less of them, is our choice; how much each counts is
# the choice times how steady the cue is when a picture is stored in another way, 1 / (1 + (moves / .04)^2) with its moves in deviations (root
# mean square over the even half of OASIS: warmth .008, lightness .018, texture .074, slanting edges .085 ...), each row brought
# to nearly the same length, so that a style that rests on textures is not chosen less often for it.
GENRES: dict[str, tuple[float, float, Signs]] = {
    "solo-piano": (0.0, -0.25, {"colourfulness": -1.22, "contrast": 0.6, "focus": 0.35}),
    "chamber-strings": (0.05, -0.05, {"warmth": 1.08, "colourfulness": -0.73, "tones": 0.37, "texture": 0.24}),
    "ambient": (0.05, -0.8, {"open_space": 0.82, "warmth": -0.74, "edge_density": -0.65, "contrast": -0.49, "tones": -0.25}),
    "cinematic": (-0.25, 0.45, {"dark_share": 0.82, "horizon_strength": 0.7, "warmth": -0.67, "masses": 0.61}),
    "folk": (0.55, 0.25, {"top_light": 1.03, "horizon_strength": 0.71, "edge_density": 0.59, "edges_horizontal": 0.28}),
    "waltz": (0.45, 0.05, {"focus": 0.99, "symmetry": 0.89, "edges_diagonal": 0.22, "edge_order": -0.19}),
    "jazz-ballad": (0.1, -0.35, {"dark_share": 1.04, "warmth": 0.94, "saturation": 0.28, "open_space": 0.21}),
    "bossa": (0.45, -0.15, {"warmth": 1.19, "chroma": 0.87, "contrast": -0.2, "edges_diagonal": 0.12}),
    "lo-fi": (0.1, -0.45, {"warmth": 1.33, "contrast": -0.44, "masses": -0.34, "lightness": 0.29}),
    "lullaby": (0.4, -0.85, {"lightness": 1.04, "contrast": -0.69, "dark_share": -0.63, "edge_density": -0.45}),
    "minimalism": (0.15, 0.2, {"edge_density": 1.09, "masses": -0.7, "texture": 0.36, "edge_order": 0.35, "focus": -0.32}),
    "pop": (0.6, 0.4, {"colourfulness": 1.14, "lightness": 0.78, "contrast": 0.36, "tones": 0.25}),
    "rock": (0.0, 0.8, {"contrast": 1.11, "edge_density": 0.68, "masses": 0.57}),
    "synthwave": (-0.05, 0.4, {"warmth": -1.1, "saturation": 0.71, "dark_share": 0.58, "edges_vertical": 0.37}),
    "house": (0.5, 0.7, {"colourfulness": 1.13, "edge_order": 0.76, "symmetry": 0.23}),
    "choral": (0.1, -0.45, {"top_light": 0.77, "symmetry": 0.7, "colourfulness": -0.69, "edges_vertical": 0.6}),
    "classical": (0.5, 0.15, {"lightness": 1.0, "chroma": -0.67, "symmetry": 0.64, "edge_order": 0.31}),
    "swing": (0.5, 0.45, {"warmth": 1.1, "contrast": 0.59, "lightness": -0.57, "tones": 0.23, "edges_diagonal": 0.22}),
    "chiptune": (0.55, 0.6, {"saturation": 1.13, "tones": -0.61, "edge_order": 0.51}),
    "epic": (0.0, 0.95, {"masses": 0.9, "horizon_strength": 0.83, "contrast": 0.59, "open_space": 0.37}),
    "tango": (-0.2, 0.25, {"warmth": 1.02, "dark_share": 0.78, "saturation": 0.64, "focus": 0.26, "edges_diagonal": 0.07}),
    "baroque": (0.3, 0.1, {"warmth": 0.82, "symmetry": 0.76, "texture": 0.57, "edge_density": 0.54}),
    "ragtime": (0.75, 0.3, {"chroma": -1.02, "colourfulness": -0.63, "contrast": 0.59, "edge_density": 0.58}),
    "blues": (-0.15, 0.0, {"warmth": -1.03, "dark_share": 0.94, "saturation": 0.39, "texture": 0.2}),
    "funk": (0.4, 0.65, {"warmth": 1.07, "colourfulness": 0.96, "edges_diagonal": 0.21}),
    "reggae": (0.55, -0.1, {"saturation": 0.99, "top_light": 0.84, "open_space": 0.49, "horizon_strength": 0.28}),
    "march": (0.65, 0.6, {"edges_vertical": 0.82, "edge_density": 0.78, "colourfulness": 0.54, "edge_order": 0.5}),
    "celtic": (0.6, 0.5, {"warmth": -1.17, "horizon_strength": 0.73, "top_light": 0.3, "texture": 0.29}),
    "latin": (0.7, 0.7, {"warmth": 1.06, "colourfulness": 0.96, "edge_density": 0.4}),
    "romantic": (0.15, -0.2, {"warmth": 1.13, "horizon_strength": 0.57, "tones": 0.54, "contrast": -0.3}),
    "drone": (-0.25, -0.65, {"masses": 1.11, "edge_density": -0.53, "texture": 0.48, "tones": -0.37}),
    "country": (0.65, 0.1, {"warmth": 1.0, "horizon_strength": 0.88, "open_space": 0.44, "top_light": 0.3}),
    "flamenco": (-0.35, 0.6, {"warmth": 1.23, "contrast": 0.62, "dark_share": 0.42, "saturation": 0.35}),
}  # fmt: skip

# How readily each style is chosen where little speaks for any: the logarithm of how often photographs call it, times .14, cut at .15; five are
# nearer to none, so that each style can still be called by a subject. Near ties go to the more usual style, and there are fewer of them.
READY: dict[str, float] = {
    "solo-piano": 0.03, "chamber-strings": -0.10, "ambient": 0.10, "cinematic": -0.06, "folk": -0.06, "waltz": -0.04,
    "jazz-ballad": 0.12, "bossa": 0.09, "lo-fi": -0.02, "lullaby": 0.15, "minimalism": 0.15, "pop": -0.02, "rock": -0.09,
    "synthwave": -0.01, "house": -0.15, "choral": 0.01, "classical": -0.02, "swing": -0.03, "chiptune": -0.15, "epic": -0.09,
    "tango": -0.09, "baroque": -0.06, "ragtime": 0.14, "blues": -0.15, "funk": -0.15, "reggae": -0.09, "march": -0.06,
    "celtic": -0.06, "latin": -0.15, "romantic": -0.10, "drone": -0.15, "country": -0.15, "flamenco": -0.04,
}  # fmt: skip

# Metre: how readily it is chosen, signs. Upright lines march; round, even pictures turn; level and slanting lines rock.
METERS: dict[str, tuple[float, Signs]] = {
    "4/4": (0.06, {"edges_vertical": 0.15, "edge_order": 0.1, "contrast": 0.1}),
    "2/4": (0.0, {"edges_vertical": 0.2, "edge_order": 0.15, "open_space": -0.05}),
    "3/4": (0.0, {"symmetry": 0.2, "focus": 0.2, "edges_diagonal": 0.1, "edge_order": -0.05}),
    "6/8": (0.0, {"edges_horizontal": 0.2, "horizon_strength": 0.2, "edges_diagonal": 0.05, "edge_density": -0.05}),
}
# The metres of `METERS` that each style is at home in, the most usual first.
GENRE_METERS: dict[str, tuple[str, ...]] = {
    "solo-piano": ("4/4", "3/4", "6/8"),
    "chamber-strings": ("4/4", "3/4", "6/8"),
    "ambient": ("4/4", "3/4", "6/8"),
    "cinematic": ("4/4", "3/4", "6/8"),
    "folk": ("4/4", "6/8", "3/4"),
    "waltz": ("3/4",),
    "jazz-ballad": ("4/4", "3/4"),
    "bossa": ("4/4",),
    "lo-fi": ("4/4", "3/4"),
    "lullaby": ("6/8", "3/4", "4/4"),
    "minimalism": ("4/4", "6/8", "3/4"),
    "pop": ("4/4", "6/8", "3/4"),
    "rock": ("4/4", "6/8"),
    "synthwave": ("4/4",),
    "house": ("4/4",),
    "choral": ("4/4", "3/4", "6/8"),
    "classical": ("4/4", "3/4", "6/8"),
    "swing": ("4/4", "3/4"),
    "chiptune": ("4/4", "3/4", "6/8"),
    "epic": ("4/4", "6/8", "3/4"),
    "tango": ("4/4",),
    "baroque": ("4/4", "3/4", "6/8"),
    "ragtime": ("2/4", "4/4"),
    "blues": ("4/4", "6/8"),
    "funk": ("4/4",),
    "reggae": ("4/4",),
    "march": ("2/4", "4/4", "6/8"),
    "celtic": ("6/8", "4/4", "3/4"),
    "latin": ("4/4",),
    "romantic": ("4/4", "3/4", "6/8"),
    "drone": ("4/4", "6/8", "3/4"),
    "country": ("4/4", "3/4"),
    "flamenco": ("3/4", "4/4", "6/8"),
}

# Seats that a picture may fill in each style: one player is taken from each, so two to four instruments in all.
PLAYERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "solo-piano": (("piano",),),
    "chamber-strings": (("violin",), ("viola",), ("cello",)),
    "ambient": (("celesta", "vibraphone", "flute", "voice"), ("warm pad", "halo pad", "slow strings", "space choir"), ("harp", "kalimba")),
    "cinematic": (("horn", "violin", "oboe", "trumpet"), ("brass", "choir"), ("cello", "double bass")),
    "folk": (("fiddle", "flute", "recorder", "accordion", "harmonica"), ("steel guitar", "classical guitar", "banjo"), ("dulcimer", "harp")),
    "waltz": (("violin", "clarinet", "accordion", "flute"), ("strings", "piano"), ("cello", "horn")),
    "jazz-ballad": (("tenor saxophone", "muted trumpet", "vibraphone"), ("piano", "jazz guitar", "electric piano"), ("acoustic bass",)),
    "bossa": (("flute", "alto saxophone", "vibraphone", "voice"), ("classical guitar",), ("acoustic bass", "fretless bass")),
    "lo-fi": (("vibraphone", "electric guitar", "flute", "music box"), ("electric piano",), ("electric bass", "fretless bass")),
    "lullaby": (("music box", "celesta", "flute", "recorder", "ocarina"), ("harp", "classical guitar", "piano"), ("slow strings", "choir")),
    "minimalism": (("clarinet", "vibraphone", "violin", "flute"), ("marimba", "xylophone"), ("piano",)),
    "pop": (("electric guitar", "voice", "saw lead", "piano"), ("piano", "electric piano"), ("steel guitar", "polysynth"), ("electric bass",)),
    "rock": (("overdriven guitar", "electric guitar"), ("organ",), ("electric bass",)),
    "synthwave": (("saw lead", "square lead"), ("synth strings", "warm pad", "sweep pad"), ("synth bass",)),
    "house": (("square lead", "vibraphone", "saw lead", "voice"), ("electric piano", "polysynth", "organ"), ("synth bass",)),
    "choral": (("voice",), ("choir",)),
    "classical": (("piano",),),
    "swing": (("clarinet", "trumpet", "alto saxophone", "tenor saxophone"), ("jazz guitar",), ("brass",), ("acoustic bass",)),
    "chiptune": (("square lead",), ("synth bass",)),
    "epic": (("horn", "trumpet"), ("choir",), ("cello", "double bass")),
    "tango": (("accordion", "violin"), ("piano",), ("cello", "violin"), ("double bass",)),
    "baroque": (("violin", "oboe", "flute", "recorder"), ("oboe", "viola", "violin"), ("harpsichord", "organ"), ("cello",)),
    "ragtime": (("piano",),),
    "blues": (("harmonica", "electric guitar", "tenor saxophone"), ("organ", "piano"), ("electric bass",)),
    "funk": (("alto saxophone", "electric guitar", "trumpet"), ("organ", "electric piano"), ("electric bass",)),
    "reggae": (("harmonica", "voice", "electric guitar"), ("organ",), ("electric bass",)),
    "march": (("trumpet", "clarinet"), ("brass",), ("tenor saxophone",)),
    "celtic": (("fiddle", "recorder", "flute"), ("steel guitar",), ("accordion",)),
    "latin": (("trumpet", "flute", "voice"), ("piano",), ("acoustic bass", "electric bass")),
    "romantic": (("violin", "oboe", "clarinet"), ("horn", "cello"), ("harp",)),
    "drone": (("oboe", "violin"), ("sweep pad", "organ"), ("dulcimer", "harp"), ("cello", "double bass")),
    "country": (("fiddle", "harmonica", "voice", "banjo"), ("steel guitar",), ("acoustic bass",)),
    "flamenco": (("classical guitar", "violin"), ("acoustic bass",)),
}  # fmt: skip

# What a timbre looks like to us: bright instruments for light pictures, reeds for rough ones, mellow ones for warm ones.
TIMBRES: dict[str, Signs] = {
    "accordion": {"texture": 0.3, "warmth": 0.3},
    "alto saxophone": {"saturation": 0.3, "warmth": 0.2},
    "banjo": {"edge_density": 0.4, "lightness": 0.2},
    "brass": {"contrast": 0.4, "masses": 0.3},
    "celesta": {"lightness": 0.2, "dark_share": 0.2, "open_space": 0.2, "warmth": -0.2},
    "cello": {"lightness": -0.3, "warmth": 0.3},
    "choir": {"contrast": -0.3, "symmetry": 0.3, "open_space": 0.2},
    "clarinet": {"warmth": 0.2, "contrast": -0.2, "colourfulness": -0.2},
    "classical guitar": {"warmth": 0.4, "texture": -0.2},
    "double bass": {"dark_share": 0.4},
    "dulcimer": {"edge_density": 0.3, "texture": 0.2},
    "electric guitar": {"contrast": 0.3, "saturation": 0.2},
    "electric piano": {"warmth": 0.3, "contrast": -0.2},
    "fiddle": {"edge_density": 0.3, "warmth": 0.2},
    "flute": {"lightness": 0.4, "open_space": 0.2, "texture": -0.1},
    "fretless bass": {"open_space": 0.3, "warmth": -0.2},
    "halo pad": {"lightness": 0.3, "top_light": 0.2},
    "harmonica": {"texture": 0.3, "dark_share": 0.2, "colourfulness": -0.2},
    "harp": {"open_space": 0.3, "symmetry": 0.2, "warmth": -0.1},
    "horn": {"horizon_strength": 0.3, "warmth": 0.2},
    "jazz guitar": {"edges_diagonal": 0.2, "texture": 0.2},
    "kalimba": {"edge_density": 0.3, "texture": 0.2},
    "marimba": {"warmth": 0.2, "texture": 0.2},
    "music box": {"lightness": 0.3, "symmetry": 0.2},
    "muted trumpet": {"contrast": 0.3, "warmth": -0.2},
    "oboe": {"focus": 0.3, "top_light": 0.2},
    "organ": {"saturation": 0.3, "masses": 0.2},
    "overdriven guitar": {"edge_density": 0.3, "contrast": 0.2},
    "piano": {"contrast": 0.3, "colourfulness": -0.1},
    "polysynth": {"colourfulness": 0.3, "edge_order": 0.2},
    "recorder": {"top_light": 0.2, "focus": 0.2},
    "saw lead": {"saturation": 0.2, "edges_vertical": 0.2},
    "slow strings": {"warmth": 0.3, "contrast": -0.1},
    "space choir": {"dark_share": 0.4, "warmth": -0.2},
    "square lead": {"edge_order": 0.3, "lightness": 0.1},
    "steel guitar": {"edges_diagonal": 0.2, "lightness": 0.2},
    "strings": {"saturation": 0.2, "focus": 0.2},
    "sweep pad": {"dark_share": 0.2, "horizon_strength": 0.1},
    "tenor saxophone": {"warmth": 0.4, "dark_share": 0.2},
    "trumpet": {"contrast": 0.3, "lightness": 0.3},
    "vibraphone": {"warmth": -0.2, "open_space": 0.2, "focus": 0.1},
    "violin": {"edges_diagonal": 0.2, "saturation": 0.2},
    "voice": {"focus": 0.3, "warmth": 0.2},
    "warm pad": {"warmth": 0.3, "contrast": -0.2},
    "xylophone": {"edge_density": 0.2, "lightness": 0.2, "warmth": -0.1},
}
