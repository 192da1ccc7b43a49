// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

/// The lab's openstacksdk, which does what it does.
enum OpenStackSDK {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../reference/create_image.py").standardizedFileURL.path

    struct Created: Decodable {
        var id: String
        /// How often it sent data.
        var bodies: Int
    }

    /// `create_image` of a raw file, with its checksums.
    static func createImage(cloud: String, name: String, file: String) async throws -> Created {
        let process = Process()
        process.executableURL = Lab.python
        process.arguments = [script, cloud, name, file]
        process.environment = [
            "OS_CLIENT_CONFIG_FILE": Lab.cloudsFile, "PATH": "/usr/bin:/bin",
            "HOME": NSTemporaryDirectory(),
        ]
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = try await blocking { try output.fileHandleForReading.readToEnd() }
        return try JSONDecoder().decode(Created.self, from: said ?? Data())
    }
}
