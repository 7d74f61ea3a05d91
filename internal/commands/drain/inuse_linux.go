package drain

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// A fileID is a file's identity, whatever name or mount it is seen by.
type fileID struct{ dev, ino uint64 }

func idOf(info fs.FileInfo) (fileID, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return fileID{}, false
	}
	return fileID{uint64(st.Dev), st.Ino}, true
}

// filesInUse maps each file that another process runs or holds open to that
// process. Processes that cannot be looked into are passed over: those are other
// users', whose files only root could clear, and root can look.
func filesInUse() map[fileID]int {
	used := map[fileID]int{}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return used
	}
	for _, process := range processes {
		pid, err := strconv.Atoi(process.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		dir := filepath.Join("/proc", process.Name())
		links := []string{filepath.Join(dir, "exe")}
		open, _ := os.ReadDir(filepath.Join(dir, "fd")) // what was read before an error counts
		for _, fd := range open {
			links = append(links, filepath.Join(dir, "fd", fd.Name()))
		}
		for _, link := range links {
			// Stat leads to the very file, across mounts and after renames.
			if info, err := os.Stat(link); err == nil {
				if id, ok := idOf(info); ok {
					used[id] = pid
				}
			}
		}
	}
	return used
}
