import Files
import Foundation

StandardDescriptors.reserve()
exit(Program.run())
