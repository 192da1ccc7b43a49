// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Digests
internal import ExternalPrograms
internal import Foundation
internal import MigrationModel

/// Converts a spooled disk image with `qemu-img`.
///
/// The data is not trusted, and a disk image can name other files, other hosts and endless sizes.
/// So the input format is always given and never guessed, images that need another file are refused
/// first, and the program runs with limits and, if the system allows it, without a network.
struct ImageConverter: Sendable {
    /// The input and output files, as absolute paths. QEMU never takes a path that starts with a
    /// slash for a protocol.
    let input: String
    let output: String
    let conversion: Conversion
    /// The name of the image in messages.
    let shown: String

    private static let qemu = ExternalProgram(
        "qemu-img", package: "the package qemu-utils (Debian, Ubuntu) or qemu-img (Fedora, Rocky)")
    private static let prlimit = ExternalProgram("prlimit", package: "the package util-linux")
    private static let unshare = ExternalProgram("unshare", package: "the package util-linux")
    private static let memoryBytes: Int64 = 4 << 30
    private static let lookSeconds: Int64 = 60
    /// The slowest acceptable speed of a conversion.
    private static let bytesPerSecond: Int64 = 10 << 20

    /// QEMU's names of the formats, by the Image service's names.
    static let formats = [
        "raw": "raw", "qcow2": "qcow2", "vmdk": "vmdk", "vhd": "vpc", "vhdx": "vhdx", "vdi": "vdi",
    ]

    /// The converted file.
    struct Result: Sendable {
        var sizeBytes: Int64
        var digest: Checksum
    }

    private var inputFormat: String { Self.formats[conversion.from] ?? "raw" }

    // MARK: The look

    /// Returns the size of the disk inside the image, in bytes.
    ///
    /// - Throws: ``TranshipError/Code/conversionFailed`` if it is too large, or if the image is
    ///   encrypted or needs another file.
    func virtualSizeBytes() async throws(TranshipError) -> Int64 {
        let text = try await run(
            ["info", "-f", inputFormat, "--output=json", input], seconds: Self.lookSeconds,
            fileBytes: 1 << 20)
        guard let info = try? JSONDecoder().decode(JSONValue.self, from: Data(text.output)),
            case .integer(let size)? = info["virtual-size"], size >= 0
        else { throw failed("qemu-img does not report its size", hint: nil) }
        if let need = need(info) {
            throw failed(
                "it needs \(need)",
                hint: "make one whole file of both: qemu-img convert -O qcow2 IMAGE WHOLE.qcow2")
        }
        if info["encrypted"] == .bool(true) {
            throw failed("it is encrypted", hint: "decrypt it, or remove `convert`")
        }
        guard size <= conversion.sizeBytesMax else {
            throw failed(
                "its disk has \(ByteCount.format(size))",
                hint: "raise `limits.decompressed_size` if that is right")
        }
        return size
    }

    /// Returns the other files that the image needs; nil if none. Our own check of the first bytes
    /// did not find them.
    private func need(_ info: JSONValue) -> String? {
        for key in ["backing-filename", "full-backing-filename"] where info[key] != nil {
            return "a backing file"
        }
        let details = info["format-specific"]?["data"]
        if details?["data-file"] != nil { return "a data file" }
        guard case .array(let extents)? = details?["extents"] else { return nil }
        return extents.contains { $0["filename"] != .string(input) } ? "other extents" : nil
    }

    /// Looks for damage that `convert` ignores: it reads zeros after the end of a cut file.
    ///
    /// - Throws: ``TranshipError/Code/conversionFailed``.
    func expectWhole(inputBytes: Int64) async throws(TranshipError) {
        let ending = try await run(
            ["check", "-f", inputFormat, "--output=json", input],
            seconds: (inputBytes / Self.bytesPerSecond).clampedSum(Self.lookSeconds),
            fileBytes: 1 << 20, accepting: [0, 1, 2, 3, 63])
        if try isCutVDI(inputBytes: inputBytes) {
            throw failed(
                "the image is cut off: its blocks need more than \(inputBytes) bytes",
                hint: "get it from its publisher again, with a checksum if there is one")
        }
        // 3: only space is wasted. 63: the format does not support checks.
        guard let code = ending.exitCode, [1, 2].contains(code) else { return }
        let line = ending.talk.split(whereSeparator: \.isNewline).first.map { ": \($0)" } ?? ""
        throw failed(
            "it is damaged or cut off, says qemu-img check\(line)",
            hint: "get it from its publisher again, with a checksum if there is one")
    }

    /// Returns true if a VDI is shorter than its header says, which QEMU's check does not test. The
    /// header has the offset of the first block at byte 0x158, and later the size and number of
    /// blocks.
    private func isCutVDI(inputBytes: Int64) throws(TranshipError) -> Bool {
        guard conversion.from == "vdi" else { return false }
        guard let head = try? WholeFile.head(input, bytes: 0x188, followsLinks: false),
            head.count == 0x188
        else { throw failed("its head cannot be read", hint: nil) }
        func number(at offset: Int) -> Int64 {
            (0..<4).reduce(0) { $0 | Int64(head[offset + $1]) << (8 * Int64($1)) }
        }
        let blocks = number(at: 0x178).clampedProduct(number(at: 0x184))
        return number(at: 0x158).clampedSum(blocks) > inputBytes
    }

    // MARK: The conversion

    /// Writes the converted file, flushed to the disk.
    ///
    /// - Parameter virtualBytes: the size of the disk inside the image.
    /// - Throws: ``TranshipError/Code/conversionFailed``; ``TranshipError/Code/targetFailed`` with
    ///   ``NoRoom`` as its cause if the disk is full.
    func run(
        virtualBytes: Int64, inputBytes: Int64, on disk: SpoolDisk
    ) async throws(TranshipError) -> Result {
        let output = output
        try await disk.blocking { try Self.create(output) }
        _ = try await run(
            [
                "convert", "-f", inputFormat, "-O", conversion.format.rawValue, input, output,
            ],
            seconds: (virtualBytes.clampedSum(inputBytes) / Self.bytesPerSecond).clampedSum(300),
            // The tables of a qcow2 take some space, too.
            fileBytes: virtualBytes.clampedSum(virtualBytes / 64).clampedSum(128 << 20))
        return try await disk.blocking { try Self.measure(output) }
    }

    /// Makes an empty file that only this user can read.
    private static func create(_ path: String) throws(TranshipError) {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolDisk.failure("cannot make", path) }
        close(descriptor)
    }

    private static func measure(_ path: String) throws(TranshipError) -> Result {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw SpoolDisk.failure("cannot open", path) }
        defer { close(descriptor) }
        guard fdatasync(descriptor) == 0 else { throw SpoolDisk.failure("cannot write", path) }
        let digest = try StreamingDigest(.sha256)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SpoolDisk.failure("cannot read", path) }
            if count == 0 { break }
            digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            total += Int64(count)
        }
        return Result(sizeBytes: total, digest: try digest.finish())
    }

    // MARK: The program

    private func run(
        _ arguments: [String], seconds: Int64, fileBytes: Int64, accepting codes: Set<Int32> = [0]
    ) async throws(TranshipError) -> ExternalProgram.Ending {
        let folder = PathText.folder(of: output)
        do throws(TranshipError) {
            let limits = try [
                Self.prlimit.path(), "--as=\(Self.memoryBytes)", "--cpu=\(seconds)", "--core=0",
                "--nofile=64", "--fsize=\(fileBytes)",
            ]
            let ending = try await Self.qemu.run(
                arguments, home: folder, timeoutSeconds: Double(seconds),
                wrapper: limits + Self.withoutNetwork(folder))
            guard let code = ending.exitCode, codes.contains(code) else { throw failed(ending) }
            return ending
        } catch {
            guard error.code == .unclassified else { throw error }
            throw failed(error.message, hint: error.hint)
        }
    }

    /// Returns the command prefix that runs a program in its own network namespace; empty if this
    /// system forbids that.
    private static func withoutNetwork(_ folder: String) async throws(TranshipError) -> [String] {
        guard let path = try? unshare.path() else { return [] }
        let wrapper = ["--user", "--net"]
        do {
            let probe = try await unshare.run(
                wrapper + ["true"], home: folder, timeoutSeconds: 10)
            return probe.exitCode == 0 ? [path] + wrapper : []
        } catch {
            if error.code == .interrupted { throw error }
            return []
        }
    }

    private func failed(_ ending: ExternalProgram.Ending) -> TranshipError {
        let words = ending.talk.split(whereSeparator: \.isNewline).suffix(3)
            .joined(separator: "; ")
        if words.contains(String(cString: strerror(ENOSPC))) {
            return TranshipError(
                .targetFailed, "no room to convert \(shown): \(words)",
                hint: "make room on that disk, or name another place with `spool`",
                isTransient: true, cause: NoRoom())
        }
        let code = ending.exitCode.map { "exit \($0)" } ?? "ended by a signal"
        return failed(
            words.isEmpty ? "qemu-img: \(code)" : words,
            hint: "look at the image: qemu-img info -f \(inputFormat) IMAGE")
    }

    private func failed(_ words: String, hint: String?) -> TranshipError {
        TranshipError(
            .conversionFailed,
            "cannot convert \(shown) from \(conversion.from) to \(conversion.format.rawValue): "
                + words, hint: hint)
    }
}
