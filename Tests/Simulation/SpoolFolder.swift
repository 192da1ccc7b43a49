// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import GlanceModel
import Glibc
import MigrationJournal
import MigrationModel
import MigrationPipeline
import Synchronization

/// The spool of a host: real files, which outlive every process, and which a host that goes down
/// may leave in any state.
///
/// `@unchecked Sendable`: only the thread of its timeline touches it.
final class SpoolFolder: @unchecked Sendable {
    /// The folder of all spools in this process.
    static let root =
        (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/tranship-simulation-\(getpid())"

    let path: String
    private static let count = Atomic(0)

    init() {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        path = "\(Self.root)-\(number)"
    }

    /// The absolute paths of the spool's files, in order.
    var files: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var files: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { files.append("\(path)/\(name)") }
        }
        return files.sorted()
    }

    func clear() {
        for file in files { unlink(file) }
        rmdir(path)
    }

    // MARK: The disk

    /// Returns the disk as that process sees it. It may be full, and the process may die at each
    /// write or removal.
    func disk(_ world: World, _ life: Life, _ planted: PlantedBug?) -> SpoolDisk {
        var disk = SpoolDisk { [self] descriptor, bytes, count, offset in
            guard (try? life.step()) != nil else { return Self.failed(EIO) }
            if world.happens(0.1) {
                world.say("the disk of the spool is full")
                return Self.failed(ENOSPC)
            }
            let written = pwrite(descriptor, bytes, count, off_t(offset))
            if let most = world.scenario.spoolMaxBytes, takenBytes > most {
                world.violation("the spool takes \(takenBytes) bytes and may take \(most)")
            }
            return written
        }
        disk.remove = { path in
            guard (try? life.step()) != nil else { return Int32(Self.failed(EIO)) }
            return planted == .keepsSpooledData ? 0 : unlink(path)
        }
        disk.run = { awaited, work in Self.run(awaited, work, world.timeline, milliseconds: 1) }
        disk.checkpointBytesMin = 8 << 10
        return disk
    }

    private static func failed(_ number: Int32) -> Int {
        errno = number
        return -1
    }

    private var takenBytes: Int64 { files.reduce(0) { $0 + Self.length($1) } }

    private static func length(_ file: String) -> Int64 {
        var status = stat()
        return stat(file, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Runs the work once the ring holds the awaited bytes. The only thread must not wait in a job:
    /// the bytes would never come.
    private static func run(
        _ awaited: (ring: ByteRing, bytes: Int64)?, _ work: @escaping @Sendable () -> Void,
        _ timeline: Timeline, milliseconds: Int64
    ) {
        guard let awaited, !awaited.ring.holds(awaited.bytes) else { return timeline.soon(work) }
        timeline.after(milliseconds) {
            run(awaited, work, timeline, milliseconds: min(500, milliseconds * 2))
        }
    }

    // MARK: What happens to it

    /// Takes the host down: files may be shorter than they were, damaged, or gone.
    ///
    /// - Parameter damages: true if each file is damaged.
    func goesDown(_ world: World, damages: Bool) {
        for file in files where damages || world.chance.happens(0.2) {
            let length = Int(Self.length(file))
            switch damages ? 2 : world.chance.below(3) {
            case 0:
                world.say("a spooled file is gone")
                unlink(file)
            case 1 where length > 0:
                world.say("a spooled file is shorter")
                truncate(file, off_t(world.chance.below(length)))
            case 2 where length > 0:
                world.say("a spooled file is damaged")
                damage(file, at: world.chance.below(length))
            default: break
            }
        }
    }

    private func damage(_ file: String, at offset: Int) {
        let descriptor = open(file, O_RDWR)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        guard pread(descriptor, &byte, 1, off_t(offset)) == 1 else { return }
        byte ^= 0x40
        pwrite(descriptor, &byte, 1, off_t(offset))
    }

    /// Makes the journal trust the spooled files, as if no process checked them.
    func trust(_ journal: Journal) async throws(TranshipError) {
        for (entry, _) in try await journal.spoolEntries(run: nil) {
            var bytes = [UInt8](repeating: 0, count: Int(entry.offsetBytes))
            let descriptor = open(entry.path, O_RDONLY)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else { continue }
            var trusted = entry
            trusted.digest = try digest(.sha256, of: bytes)
            try await journal.keep(trusted)
        }
    }
}
