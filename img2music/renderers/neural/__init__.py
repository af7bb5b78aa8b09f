"""Neural networks that make sound, told by the score: one package for each family, and what they share.

None of them obeys by itself. What each was told and what was heard in its sound goes on record (`img2music.provenance.SoundUse`).
"""
