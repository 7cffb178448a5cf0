// Package budget bounds what foreign bytes may cost. [Work] counts steps, for one object and for all objects of one scan;
// [Memory] counts the bytes that decoders and readers of the whole process hold. Both are made by the caller and handed
// down: there is no budget of the package's own.
//
// Nothing waits for a budget. What does not get its share is not read, and is reported as such: a text with something
// left out is never a clean one.
//
// Every limit stands in limits.go with the reason for it.
package budget
