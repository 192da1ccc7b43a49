// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// The programs that this process has started, such as a `token_command`, a hook, `gpgv` and
/// `qemu-img`, and the processes that those have started.
///
/// A signal that is sent only to this process does not reach them, and the code that waits for them
/// may end before they do. They are looked up in the kernel, because our own list would not have
/// their children.
enum ChildProcesses {
    /// A process as the kernel describes it in /proc (proc_pid_stat(5)).
    private struct Entry: Hashable {
        var id: pid_t
        var parent: pid_t
        /// The start time, so that a later process with the same number is not mistaken for this
        /// one.
        var startedAt: String
        /// True if it has ended, and its parent has not collected its status.
        var hasEnded: Bool
    }

    /// The time that they get to end in order, in seconds.
    private static let graceSeconds = 0.4

    /// The children that this process had at its start: a shell started them in the background and
    /// then became this process by `exec`. They are not ours.
    private static let inherited = Guarded<Set<pid_t>>([])

    /// The processes that are being ended. Another thread may end this process meanwhile. It would
    /// not find the processes whose parents have already ended.
    private static let known = Guarded<Set<Entry>>([])

    /// Records the inherited children. Call once, before the first thread and the first program
    /// start.
    static func prepare() {
        let list = text("/proc/self/task/\(getpid())/children") ?? ""
        let ids = list.split(separator: " ").compactMap { pid_t($0) }
        inherited.withLock { $0 = Set(ids) }
    }

    /// Ends all of them: SIGTERM, and SIGKILL a moment later.
    ///
    /// - Parameter stop: ends the code that waits for them. It may kill a program, whose own
    ///   programs could not be found after that.
    static func end(after stop: () -> Void = {}) {
        let new = all()
        let found = known.withLock { known in
            known.formUnion(new)
            return known
        }
        stop()
        guard found.contains(where: isAlive) else { return }
        for entry in found where isAlive(entry) { kill(entry.id, SIGTERM) }
        let deadline = Date().addingTimeInterval(graceSeconds)
        while found.contains(where: isAlive), Date() < deadline { usleep(20_000) }
        for entry in found where isAlive(entry) { kill(entry.id, SIGKILL) }
    }

    private static func isAlive(_ entry: Entry) -> Bool {
        guard let now = self.entry(entry.id) else { return false }
        return now.startedAt == entry.startedAt && !now.hasEnded
    }

    /// Returns all of them that have not ended.
    private static func all() -> [Entry] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let entries = files.compactMap { pid_t($0).flatMap(entry) }
        let children = Dictionary(grouping: entries, by: \.parent)
        let foreign = inherited.withLock(\.self)
        var parents = [getpid()]
        var found: [Entry] = []
        var seen = foreign
        while let parent = parents.popLast() {
            for child in children[parent] ?? [] where seen.insert(child.id).inserted {
                found.append(child)
                parents.append(child.id)
            }
        }
        return found.filter { !$0.hasEnded }
    }

    /// Returns a process; nil if it does not exist.
    private static func entry(_ id: pid_t) -> Entry? {
        // The program's name, in parentheses, may contain any characters.
        guard let line = text("/proc/\(id)/stat"), let end = line.lastIndex(of: ")") else {
            return nil
        }
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = pid_t(fields[1]) else { return nil }
        return Entry(
            id: id, parent: parent, startedAt: String(fields[19]),
            hasEnded: fields[0] == "Z" || fields[0] == "X")
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
