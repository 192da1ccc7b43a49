// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GlanceServer
import LabSupport

extension GlanceServer {
    /// Writes the lab's clouds.yaml with one more entry, `model`: this server as Keystone and Image
    /// service.
    func cloudsFile(in folder: URL) throws -> String {
        let entry = """
              model:
                auth: { auth_url: "\(url)/v3", username: u, password: p,
                  project_name: project, user_domain_name: Default,
                  project_domain_name: Default }
                region_name: RegionOne
            """
        let text = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8) + entry + "\n"
        let file = folder.appendingPathComponent("clouds.yaml")
        try Data(text.utf8).write(to: file)
        return file.path
    }
}
