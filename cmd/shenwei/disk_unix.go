//go:build linux || darwin

package main

import "syscall"

// freeBytes is how much a file system has left for who is not root; false where nobody knows.
func freeBytes(dir string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true //nolint:gosec,unconvert // both are counts; their types differ between systems
}
