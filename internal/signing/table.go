package signing

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table lays out text as wash's library for it does, with its borders blank: two
// columns, and rows that span both. Scripts that cut wash's output by columns
// then cut ours.
type Table struct{ rows []tableRow }

type tableRow struct {
	cells  []string // two for a pair
	center bool
}

// Center adds a text over both columns, centred.
func (t *Table) Center(text string) {
	t.rows = append(t.rows, tableRow{[]string{printable(text)}, true})
}

// Left adds a text over both columns.
func (t *Table) Left(text string) {
	t.rows = append(t.rows, tableRow{[]string{printable(text)}, false})
}

// Pair adds a row of two columns.
func (t *Table) Pair(label, value string) {
	t.rows = append(t.rows, tableRow{[]string{label, printable(value)}, false})
}

// printable keeps what a token says from steering the terminal it is shown on.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// widths gives the columns' widths, a blank on either side of a text included. A
// spanning text asks half of its width of each column; the left one grows by one
// when a centred text would otherwise not have a middle.
func (t *Table) widths() (left, right int) {
	for _, row := range t.rows {
		if len(row.cells) == 2 {
			left = max(left, cellWidth(row.cells[0]))
			right = max(right, cellWidth(row.cells[1]))
			continue
		}
		half := cellWidth(row.cells[0])
		left, right = max(left, half/2), max(right, (half+1)/2)
	}
	for _, row := range t.rows {
		if row.center && (left+right)%2 == 0 && cellWidth(row.cells[0]) != left+right {
			left++
		}
	}
	return left, right
}

func cellWidth(text string) int { return utf8.RuneCountInString(text) + 2 }

// Print writes the table.
func (t *Table) Print(w io.Writer) {
	left, right := t.widths()
	blank := strings.Repeat(" ", left+right+3) + "\n"
	var b strings.Builder
	b.WriteString(blank)
	for _, row := range t.rows {
		b.WriteByte(' ')
		if len(row.cells) == 2 {
			b.WriteString(" " + row.cells[0] + pad(left-1-utf8.RuneCountInString(row.cells[0])) + " ")
			b.WriteString(pad(right-1-utf8.RuneCountInString(row.cells[1])) + row.cells[1] + " ")
		} else {
			span := left + right + 1
			free := span - utf8.RuneCountInString(row.cells[0])
			before := 1
			if row.center {
				before = (free + 1) / 2
			}
			b.WriteString(pad(before) + row.cells[0] + pad(free-before))
		}
		b.WriteString(" \n")
	}
	b.WriteString(blank)
	_, _ = io.WriteString(w, b.String()) // into cli.Print's buffer
}

func pad(n int) string { return strings.Repeat(" ", max(n, 0)) }
