"""The synthetic speakers: espeak-ng voice variants, split so that no test timbre was heard in training.

Distances were measured on mean log-mel quantiles and f0. Left out of both sets are near-duplicates of a test voice
(steph2, steph3, m5, klatt4, klatt5), twins of a training voice, voices that are no longer speech (whisper, caleb,
announcer, Demonic), and rob, on which espeak-ng 1.52 dies of a segmentation fault. Grandma, Nguyen, robosoft6 and iven
are the nearest honest neighbours of the two hard test timbres, steph and norbert.
"""

VOICES_TRAIN: tuple[str, ...] = (
    *("f1", "f2", "f4", "Alicia", "Andrea", "Annie", "anika", "aunty", "belinda", "shelby", "grandma", "zac"),
    *("m1", "m2", "m3", "m6", "m7", "Alex", "Andy", "Denis", "Diogo", "Gene", "Gene2", "Hugo", "Jacky", "Lee"),
    *("Mario", "Michael", "Mike", "Nguyen", "Reed", "RicishayMax", "RicishayMax2", "Storm", "Tweaky", "adam"),
    *("antonio", "benjamin", "boris", "croak", "david", "ed", "edward2", "grandpa", "gustave", "iven", "iven3"),
    *("john", "kaukovalta", "klatt", "klatt3", "marcelo", "max", "michel", "mike2", "pablo", "pedro", "quincy"),
    *("robosoft", "robosoft4", "robosoft6", "robosoft8", "travis", "victor"),
)

VOICES_TEST: tuple[str, ...] = (
    *("paul", "sandro", "m8", "m4", "linda", "f3", "f5", "edward"),
    *("steph", "norbert"),
)
