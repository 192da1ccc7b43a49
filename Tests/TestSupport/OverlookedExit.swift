// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The exit code of a child whose end `Foundation.Process` has overlooked.
///
/// Foundation learns of an end by a socket that closes with the child. A daemon
/// that some other command starts at that moment inherits the socket and keeps
/// it open, and the end is never told. So this looks at the kernel: a child that
/// has been a zombie for two seconds is collected here. Returns nil when
/// Foundation has collected it.
public func overlookedExit(of pid: Int32) async -> Int32? {
    var zombieLooks = 0
    while true {
        try? await Task.sleep(for: .milliseconds(250))
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let state = stat.split(separator: ")").last?.split(separator: " ").first
        else { return nil }
        zombieLooks = state == "Z" ? zombieLooks + 1 : 0
        guard zombieLooks >= 8 else { continue }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
