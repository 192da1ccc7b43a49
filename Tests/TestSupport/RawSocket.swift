// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A connection with a buffer for bytes that were read too early.
public final class RawSocket {
    let fd: Int32
    private var buffer: [UInt8] = []

    init(_ fd: Int32) {
        self.fd = fd
        // Otherwise the end of an answer would wait in the kernel, and a reset would drop it.
        var option: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(fd, Int32(IPPROTO_TCP), Int32(TCP_NODELAY), &option, size)
    }

    /// Reads the next request's head; returns nil if the connection ends before.
    func readHead() -> ReceivedRequest? {
        // TLS: answers as web servers do that get it on a plain port.
        if buffer.isEmpty, fill(), buffer.first == 0x16 {
            write(Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8))
            return nil
        }
        guard let first = readLine(), !first.isEmpty else { return nil }
        let parts = first.split(separator: " ")
        guard parts.count >= 2 else { return nil }
        var headers: [(name: String, value: String)] = []
        while let line = readLine() {
            if line.isEmpty {
                let target = String(parts[1])
                return ReceivedRequest(
                    method: String(parts[0]), path: String(target.prefix { $0 != "?" }),
                    target: target, headers: headers)
            }
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers.append((String(line[..<colon]), value))
        }
        return nil
    }

    /// Reads a line, and returns it without its end.
    func readLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                var line = Array(buffer[..<end])
                if line.last == 13 { line.removeLast() }
                buffer.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    /// Reads at least one byte, and at most the given number; returns nil at the end.
    func read(atMost count: Int) -> [UInt8]? {
        if buffer.isEmpty, !fill() { return nil }
        let bytes = Array(buffer.prefix(count))
        buffer.removeFirst(bytes.count)
        return bytes
    }

    private func fill() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(fd, &bytes, bytes.count, 0)
        guard count > 0 else { return false }
        buffer += bytes.prefix(count)
        return true
    }

    /// Writes bytes; returns false if the other side has gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                send(
                    fd, buffer.baseAddress.map { $0 + done }, bytes.count - done,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Makes a later close send RST instead of FIN.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Returns when the other side has closed, or when this server was stopped.
    func waitForEnd() {
        while fill() { buffer = [] }
    }
}
