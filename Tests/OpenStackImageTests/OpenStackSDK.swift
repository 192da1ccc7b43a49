// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

/// The lab's openstacksdk, which runs unchanged.
enum OpenStackSDK {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../reference/create_image.py").standardizedFileURL.path

    struct Created: Decodable {
        var id: String
        /// The number of times that it sent data.
        var bodies: Int
    }

    /// Calls `create_image` for a raw file, with its checksums.
    static func createImage(cloud: String, name: String, file: String) async throws -> Created {
        let output = try PipeEnds()
        let said = try await blocking {
            let pid = try ChildProcess.start(
                [Lab.python.path, script, cloud, name, file],
                environment: [
                    "OS_CLIENT_CONFIG_FILE": Lab.cloudsFile, "PATH": "/usr/bin:/bin",
                    "HOME": NSTemporaryDirectory(),
                ], .init(output: output.writing))
            close(output.writing)
            let text = output.text()
            close(output.reading)
            _ = ChildProcess.wait(for: pid)
            return text
        }
        return try JSONDecoder().decode(Created.self, from: Data(said.utf8))
    }
}
