// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// The programs that this process has started, such as a `token_command`, a hook, `gpgv` and
/// `qemu-img`, with the processes that they started.
///
/// A signal that is sent to this process alone does not reach them, and what waits for them may be
/// gone before they are. The kernel knows them best: a list of our own would miss their children.
enum ChildProcesses {
    /// A process as the kernel describes it in /proc (proc_pid_stat(5)).
    private struct Entry: Hashable {
        var id: pid_t
        var parent: pid_t
        /// When it was started, so that a process that gets its number later is not taken for it.
        var startedAt: String
        /// True if it has ended, and its parent has not asked how.
        var hasEnded: Bool
    }

    /// How long they have for ending in order, in seconds.
    private static let graceSeconds = 0.4

    /// Children that this process had from its beginning: a shell that started something in the
    /// background and became this process. They are not ours.
    private static let inherited = Guarded<Set<pid_t>>([])

    /// Those that are being ended. The process may end meanwhile on another thread, which would not
    /// find those whose parents have ended already.
    private static let known = Guarded<Set<Entry>>([])

    /// Call once, before the first thread and the first program are started.
    static func prepare() {
        let list = text("/proc/self/task/\(getpid())/children") ?? ""
        let ids = list.split(separator: " ").compactMap { pid_t($0) }
        inherited.withLock { $0 = Set(ids) }
    }

    /// Ends them: SIGTERM, and SIGKILL a moment later.
    ///
    /// - Parameter stop: ends what waits for them. It may kill a program whose own programs would
    ///   not be found after that.
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

    /// All of them that have not ended.
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

    /// Nil for a process that does not exist.
    private static func entry(_ id: pid_t) -> Entry? {
        // The name of the program, in parentheses, may have any characters.
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
