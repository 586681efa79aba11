"""/sign-out asks and ends the session at this issuer; /signed-out says that it has ended.

Applications keep sessions of their own: refresh tokens bound to this one and its access tokens end, their cookies
do not.
"""
