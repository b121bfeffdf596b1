"""Quality daily and monthly reports (质量日报, 质量月报; 2E-24, 2E-25, F-34, F-35): drafted from the fault register, corrected, frozen."""
