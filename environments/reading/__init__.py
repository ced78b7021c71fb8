"""From the text of a file to its data, and from what is wrong with it to a report that names lines and ways out."""
