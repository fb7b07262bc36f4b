"""What is looked at afterwards: windows of recorded answers judged, drawn, and reviewed by people."""
