// The response goes to the application at once; without JavaScript the button sends it.
document.getElementById("response").submit();
