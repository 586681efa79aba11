"""/sign-out asks and ends the session; /signed-out says so."""
