package intake

// MaskTexts is maskTexts, for a property of it that no delivery can show.
var MaskTexts = maskTexts
