package main

import (
	"fmt"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
