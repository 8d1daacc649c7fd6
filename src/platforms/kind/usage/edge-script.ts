/**
 * What a node is asked at each edge of a window: `docker exec NODE sh -c <this>`. Five programs; CPU counters within a few
 * milliseconds of each other, and before the memory counters, which are no differences and may come later. What follows the
 * CPU counters at the opening edge, and what comes before them at the closing one, is inside the window and counts as the
 * node's own: about 20 ms of CPU on two busy cores, the same for every arm.
 *
 * What the host's tasks waited for (`/proc/pressure`, `/proc/vmstat`) is read with the CPU counters, and under version 2 what those
 * of each container waited for with its memory counters. A kernel may have none of it.
 *
 * Directories of containers are listed but not entered, since listing a directory of counters costs more than reading one of
 * them. Where the first hierarchy is version 1, services of the node often have no cgroup for `cpuacct`; the `unified`
 * hierarchy, where systemd mounts it beside, counts them all the same.
 *
 * `/proc/timer_list` begins with CLOCK_MONOTONIC in nanoseconds and costs no process; `/proc/uptime`, with a hundredth of a
 * second, is for nodes that may not read it. The wall clock needs a process, so it is read between two readings of the other.
 */
export const edgeScript = `
cpu= rest=
now() {
  if { read -r _ && read -r _ && read -r _ _ at _; } </proc/timer_list
  then echo "monotonic $at"
  else read -r at _ </proc/uptime; echo "uptime $at"
  fi
} 2>/dev/null
tree() { find "$1" -type d -print -path '*[-/]pod*/*' -prune; }
cd /sys/fs/cgroup || exit
now
echo "wall $(date +%s%N)"
now
if [ -e cgroup.controllers ]
then
  echo 'cgroup 2'
  set -f
  for path in $(tree .)
  do
    cpu="$cpu $path/cpu.stat"
    case $path in .|*[-/]pod*/*)
      rest="$rest $path/memory.current $path/memory.peak $path/memory.stat $path/pids.current"
      rest="$rest $path/cpu.pressure $path/memory.pressure $path/io.pressure"
    esac
  done
else
  echo 'cgroup 1'
  cpu=$(echo unified/cpu.stat unified/*/cpu.stat unified/*/*/cpu.stat)
  set -f
  for path in $(tree cpuacct/)
  do
    path=\${path#cpuacct/}
    cpu="$cpu cpuacct/$path/cpuacct.usage cpu/$path/cpu.stat"
    case $path in ''|*[-/]pod*/*)
      rest="$rest memory/$path/memory.usage_in_bytes memory/$path/memory.max_usage_in_bytes"
      rest="$rest memory/$path/memory.stat pids/$path/pids.current"
    esac
  done
fi
host='/proc/stat /proc/vmstat /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io'
grep -sHE '^([0-9]|cpu|usage_usec|nr_throttled [1-9]|throttled_(time|usec) [1-9]|pgmajfault|pswp|some|full)' $host $cpu
grep -sHE '^([0-9]|(total_)?(in)?active_file|pgmajfault|some|full)' $rest
now
`.trim()
