"""Who signs in: somebody of whom every standard claim is known."""

from typing import Any

ADA: dict[str, Any] = {
    "username": "ada",
    "displayName": "Ada Lovelace",
    "givenName": "Ada",
    "familyName": "Lovelace",
    "middleName": "King",
    "nickname": "Enchantress",
    "profileURL": "https://people.example.com/ada",
    "pictureURL": "https://people.example.com/ada.png",
    "websiteURL": "https://ada.example.com",
    "gender": "female",
    "birthdate": "1815-12-10",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "email": "ada@example.com",
    "emailVerified": True,
    "phoneNumber": "+44 20 7946 0000",
    "address": {"formatted": "12 St James's Square\nLondon", "country": "United Kingdom"},
    "groups": ["staff", "engines"],
    "claims": {"department": "engines"},
}
