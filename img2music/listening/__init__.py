"""What ears find in sound: loudness, tempo, metre, key, tags, and how far a sound follows a score. Nothing here knows who made the sound.

    loudness, true_peak     ITU-R BS.1770
    heard_music             what is found, each with how sure it is

Conventions: sound is `img2music.audio.Audio`; tempo in quarter notes a minute; times in seconds; confidence 0..1.
"""
