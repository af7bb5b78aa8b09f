"""What ears find in sound: loudness, tempo, metre, key, tags, and how far a sound follows a score. Nothing here knows who made the sound.

    listen                  `hear`: everything that is found
    score_agreement         `agreement`: how far a sound follows a performance
    lag                     how much later one sound is than another, and how to mend that
    loudness, true_peak     ITU-R BS.1770
    tempo_estimation, beat_tracking, meter_estimation, key_estimation: the plain estimators
    pulse_weights           what counts how much for tempo, bars and subdivisions
    heard_music             what is found, each with how sure it is
    features/               what they work on: onset curves, chroma, what repeats in them

Conventions: sound is `img2music.audio.Audio`; tempo in quarter notes a minute; times in seconds; confidence 0..1.
"""
